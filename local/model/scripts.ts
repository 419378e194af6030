import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const ScriptedTurn = z.strictObject({
  text: z.string().optional(),
  refusal: z.string().optional(),
  calls: z.array(z.strictObject({ name: z.string(), arguments: z.record(z.string(), z.unknown()) })).optional(),
  usage: z.strictObject({ input: z.int().nonnegative(), output: z.int().nonnegative() }).optional(),
  seconds: z.number().nonnegative().optional(),
});
export type ScriptedTurn = z.infer<typeof ScriptedTurn>;

/** What a conversation says turn by turn, when its instructions, its model or its first words hold `match`. */
export const Script = z.strictObject({ match: z.string().min(1), turns: z.array(ScriptedTurn).min(1) });
export type Script = z.infer<typeof Script>;

export interface ScriptStore {
  add(script: Script): void;
  /** The turn number `depth` (from 0) of the newest script that matches; after its last turn the last one again. */
  turnFor(words: string, depth: number): ScriptedTurn | null;
  clear(): void;
}

export function scriptStore(database: DatabaseSync): ScriptStore {
  const insert = database.prepare("insert into scripts (document) values (?)");
  let scripts = database
    .prepare("select document from scripts order by id")
    .all()
    .map((row) => Script.parse(JSON.parse(String(row.document))));
  return {
    add(script) {
      insert.run(JSON.stringify(script));
      scripts.push(script);
    },
    turnFor(words, depth) {
      const script = scripts.findLast(({ match }) => words.includes(match));
      return script?.turns[Math.min(depth, script.turns.length - 1)] ?? null;
    },
    clear() {
      database.exec("delete from scripts");
      scripts = [];
    },
  };
}
