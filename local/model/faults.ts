import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";

export const Fault = z.discriminatedUnion("kind", [
  /** Answers with this HTTP status, and does nothing. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    code: z.string().optional(),
    retryAfter: z.number().optional(),
  }),
  /** Cuts the connection before anything was done. */
  z.strictObject({ kind: z.literal("drop-before") }),
  /** Does what was asked, then cuts the connection: the client cannot know. */
  z.strictObject({ kind: z.literal("drop-after") }),
  z.strictObject({ kind: z.literal("delay"), seconds: z.number().nonnegative() }),
  /** Never answers. */
  z.strictObject({ kind: z.literal("hang") }),
  /** The response is accepted and will fail. */
  z.strictObject({ kind: z.literal("fail"), code: z.string() }),
  /** The response is accepted and will never end. */
  z.strictObject({ kind: z.literal("stuck") }),
  /** The response that is asked for is not there. */
  z.strictObject({ kind: z.literal("not-found") }),
]);
export type Fault = z.infer<typeof Fault>;

/** A fault for the next `times` requests that match; what `match` leaves out matches everything. */
export const FaultOrder = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** A part of the path. */
      path: z.string().optional(),
      /** Pairs that the request's metadata must hold. */
      metadata: z.record(z.string(), z.string()).optional(),
    })
    .default({}),
  times: z.int().positive().default(1),
  fault: Fault,
});
export type FaultOrder = z.infer<typeof FaultOrder>;

export interface FaultStore {
  order(order: FaultOrder): void;
  /** The fault that this request is to meet, counted as used; null: none. */
  take(request: { method: string; path: string; metadata: Record<string, string> | null }): Fault | null;
  clear(): void;
}

export function faultStore(database: DatabaseSync): FaultStore {
  const insert = database.prepare("insert into faults (left_over, document) values (?, ?)");
  const select = database.prepare("select id, document from faults where left_over > 0 order by id");
  const use = database.prepare("update faults set left_over = left_over - 1 where id = ?");
  let none = select.all().length === 0;
  return {
    order(order) {
      insert.run(order.times, JSON.stringify(order));
      none = false;
    },
    take(request) {
      if (none) return null;
      const rows = select.all();
      none = rows.length === 0;
      for (const row of rows) {
        const order = FaultOrder.parse(JSON.parse(String(row.document)));
        if (!matches(order.match, request)) continue;
        use.run(Number(row.id));
        return order.fault;
      }
      return null;
    },
    clear() {
      database.exec("delete from faults");
      none = true;
    },
  };
}

type Request = Parameters<FaultStore["take"]>[0];

function matches(match: FaultOrder["match"], { method, path, metadata }: Request): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== method) return false;
  if (match.path !== undefined && !path.includes(match.path)) return false;
  return Object.entries(match.metadata ?? {}).every(([name, value]) => metadata?.[name] === value);
}
