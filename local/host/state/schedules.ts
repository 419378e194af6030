import type { DatabaseSync } from "node:sqlite";
import { integer, text } from "./row.ts";

/** What is remembered of a timer trigger; times in milliseconds, 0 for never. */
export interface Schedule {
  functionName: string;
  expression: string;
  last: number;
  next: number;
  lastUpdated: number;
}

export type Schedules = ReturnType<typeof schedulesOf>;

export function schedulesOf(database: DatabaseSync) {
  const find = database.prepare("SELECT * FROM schedule WHERE function_name = ?");
  const put = database.prepare(
    "INSERT OR REPLACE INTO schedule (function_name, expression, last, next, last_updated) VALUES (?, ?, ?, ?, ?)",
  );
  return {
    find(functionName: string): Schedule | undefined {
      const row = find.get(functionName);
      if (row === undefined) return undefined;
      return {
        functionName,
        expression: text(row, "expression"),
        last: integer(row, "last"),
        next: integer(row, "next"),
        lastUpdated: integer(row, "last_updated"),
      };
    },
    put: (it: Schedule) => void put.run(it.functionName, it.expression, it.last, it.next, it.lastUpdated),
  };
}
