import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

/** What is paid again because of a death: nothing, a response that may have been made, or the execution of a call. */
export type Cost = "nothing" | "POST" | "call";

const file = path.join(import.meta.dirname, "../../src/steps/README.md");
const costs: ReadonlySet<string> = new Set<Cost>(["nothing", "POST", "call"]);

/** The table of src/steps/README.md: of each effect, what a death before and after it costs. */
export function readTable(): Map<string, { before: Cost; after: Cost }> {
  const rows = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(
    rows.map(([, effect = "", found, costBefore, foundAfter, costAfter]) => {
      assert.ok(found && foundAfter, `the row of ${effect} says nothing`);
      return [effect.replaceAll("`", ""), { before: costOf(costBefore), after: costOf(costAfter) }];
    }),
  );
}

function costOf(cell: string | undefined): Cost {
  assert.ok(cell !== undefined && costs.has(cell), `"${cell}" is no cost`);
  return cell as Cost; // it is one of them
}
