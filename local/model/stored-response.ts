import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { Item } from "./request.ts";

/** How a response will end, decided when it was accepted. */
const Ending = z.discriminatedUnion("status", [
  z.object({ status: z.literal("completed") }),
  z.object({ status: z.literal("incomplete"), reason: z.string() }),
  z.object({ status: z.literal("failed"), code: z.string(), message: z.string() }),
  z.object({ status: z.literal("stuck") }),
]);
export type Ending = z.infer<typeof Ending>;

const Usage = z.object({ input: z.number(), output: z.number() });

const Document = z.object({
  model: z.string(),
  instructions: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  tools: z.array(z.record(z.string(), z.unknown())),
  toolChoice: z.unknown(),
  parallelToolCalls: z.boolean(),
  maxOutputTokens: z.number().nullable(),
  temperature: z.number(),
  topP: z.number(),
  store: z.boolean(),
  input: z.array(Item),
  output: z.array(z.record(z.string(), z.unknown())),
  usage: Usage,
  ending: Ending,
  queueMs: z.number(),
  totalMs: z.number(),
  /** How many responses stand before it in its conversation. */
  depth: z.number().int(),
});

/** A response as it was accepted. What it says, and when, is fixed from then on: its status is a matter of the time. */
export type StoredResponse = z.infer<typeof Document> & {
  id: string;
  previous: string | null;
  createdAt: number;
  background: boolean;
  cancelledAt: number | null;
};

export interface ResponseStore {
  add(response: StoredResponse): void;
  find(id: string): StoredResponse | null;
  cancel(id: string, at: number): void;
  remove(id: string): void;
  clear(): void;
}

export function responseStore(database: DatabaseSync): ResponseStore {
  const insert = database.prepare("insert into responses values (?, ?, ?, ?, ?, null)");
  const select = database.prepare("select * from responses where id = ?");
  const cancel = database.prepare("update responses set cancelled_at = ? where id = ? and cancelled_at is null");
  const remove = database.prepare("delete from responses where id = ?");
  return {
    add({ id, previous, createdAt, background, cancelledAt: _never, ...document }) {
      insert.run(id, previous, createdAt, background ? 1 : 0, JSON.stringify(document));
    },
    find(id) {
      const row = select.get(id);
      if (!row) return null;
      return {
        ...Document.parse(JSON.parse(String(row.document))),
        id,
        previous: row.previous === null ? null : String(row.previous),
        createdAt: Number(row.created_at),
        background: row.background === 1,
        cancelledAt: row.cancelled_at === null ? null : Number(row.cancelled_at),
      };
    },
    cancel: (id, at) => void cancel.run(at, id),
    remove: (id) => void remove.run(id),
    clear: () => database.exec("delete from responses"),
  };
}
