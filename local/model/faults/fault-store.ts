import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { concerns, type FaultableRequest } from "./concerns.ts";
import { Fault } from "./fault.ts";

/** A fault for the next `times` requests that match and that it concerns; what `match` leaves out matches everything. */
export const FaultOrder = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      /** A part of the path. */
      path: z.string().optional(),
      /** Pairs that the request's metadata must hold. */
      metadata: z.record(z.string(), z.string()).optional(),
      /** The id of the response that the request is about. */
      response: z.string().optional(),
    })
    .default({}),
  times: z.union([z.int().positive(), z.literal("always")]).default(1),
  fault: Fault,
});
export type FaultOrder = z.infer<typeof FaultOrder>;

export interface FaultStore {
  order(order: FaultOrder): void;
  /** The fault that this request is to meet, counted as used; null: none. The oldest order comes first. */
  take(request: FaultableRequest): Fault | null;
  clear(): void;
}

export function faultStore(database: DatabaseSync): FaultStore {
  const insert = database.prepare("insert into faults (left_over, document) values (?, ?)");
  const update = database.prepare("update faults set left_over = ? where id = ?");
  const remove = database.prepare("delete from faults where id = ?");
  const orders = database
    .prepare("select id, left_over, document from faults order by id")
    .all()
    .map((row) => ({
      id: Number(row.id),
      left: Number(row.left_over),
      order: FaultOrder.parse(JSON.parse(String(row.document))),
    }));
  return {
    order(order) {
      const left = order.times === "always" ? Number.MAX_SAFE_INTEGER : order.times;
      const { lastInsertRowid } = insert.run(left, JSON.stringify(order));
      orders.push({ id: Number(lastInsertRowid), left, order });
    },
    take(request) {
      const index = orders.findIndex(({ order }) => matches(order.match, request) && concerns(order.fault, request));
      const found = orders[index];
      if (!found) return null;
      if (found.order.times === "always") return found.order.fault;
      found.left -= 1;
      if (found.left > 0) update.run(found.left, found.id);
      else {
        orders.splice(index, 1);
        remove.run(found.id);
      }
      return found.order.fault;
    },
    clear() {
      database.exec("delete from faults");
      orders.length = 0;
    },
  };
}

function matches(match: FaultOrder["match"], { method, path, metadata }: FaultableRequest): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== method) return false;
  if (match.path !== undefined && !path.includes(match.path)) return false;
  if (match.response !== undefined && !path.split("/").includes(match.response)) return false;
  return Object.entries(match.metadata ?? {}).every(([name, value]) => metadata?.[name] === value);
}
