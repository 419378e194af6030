import { invalidValue } from "../api-error.ts";

/**
 * A page of a list: `limit` (1 to 100, 20), `order` (`desc`, or `asc` as they came), `after` an id.
 * @throws ApiError 400 for a limit, an order or an id that is none
 */
export function pageOf<T extends { id: string }>(all: readonly T[], query: Readonly<Record<string, string>>) {
  const limit = Number(query.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw invalidValue("limit", "it is no number from 1 to 100");
  const order = query.order ?? "desc";
  if (order !== "asc" && order !== "desc") throw invalidValue("order", "it is neither 'asc' nor 'desc'");
  const ordered = order === "asc" ? all : all.toReversed();
  const at = query.after === undefined ? -1 : ordered.findIndex(({ id }) => id === query.after);
  if (query.after !== undefined && at < 0) throw invalidValue("after", `there is no item '${query.after}'`);
  const data = ordered.slice(at + 1, at + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? "",
    last_id: data.at(-1)?.id ?? "",
    has_more: at + 1 + limit < ordered.length,
  };
}
