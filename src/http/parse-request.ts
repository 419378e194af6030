import type { z } from "zod";
import { faultsOf } from "./faults.ts";
import { invalidRequest } from "./problem.ts";

/**
 * What a caller sent, as `schema` has it; `base` is where it stands, for the paths of its faults.
 * @throws NightshiftError `invalid_request`, listing every fault with its path
 */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  base: readonly string[] = [],
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(faultsOf(parsed.error.issues, base));
}

/** The values of a query by name; a name that is repeated has a list, which a schema for one value refuses. */
export function queryValues(query: URLSearchParams): Record<string, string | string[]> {
  const names = [...new Set(query.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const [first = "", ...more] = query.getAll(name);
      return [name, more.length === 0 ? first : [first, ...more]];
    }),
  );
}
