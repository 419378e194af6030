import type { Row } from "./row.ts";

const columns = [
  ["runs", "runs"],
  ["kills", "kills"],
  ["lost", "lost"],
  ["repeated", "repeated"],
  ["attempts", "attempts"],
  ["responses", "responses"],
  ["possible", "orphansPossible"],
  ["confirmed", "orphansConfirmed"],
] as const;
type Counts = Record<(typeof columns)[number][1], number>;

/** The rows as lines of text, a total below. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [...rows, { ...totalOf(rows), case: "total", violations: [] }].map((row) => [
    row.case,
    ...columns.map(([, name]) => String(row[name])),
    row.violations.length > 0 ? "VIOLATED" : "",
  ]);
  const table = [["case", ...columns.map(([title]) => title), ""], ...lines];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  return table
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Rows of one name as one. */
export function joined(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, (row) => row.case)].map(([name, all]) => ({
    case: name,
    ...totalOf(all),
    violations: all.flatMap(({ violations }) => violations),
  }));
}

export function totalOf(rows: readonly Row[]): Counts {
  const sum = (name: keyof Counts) => rows.reduce((total, row) => total + row[name], 0);
  return {
    runs: sum("runs"),
    kills: sum("kills"),
    lost: sum("lost"),
    repeated: sum("repeated"),
    attempts: sum("attempts"),
    responses: sum("responses"),
    orphansPossible: sum("orphansPossible"),
    orphansConfirmed: sum("orphansConfirmed"),
  };
}
