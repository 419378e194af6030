import { z } from "zod";
import { parseBody } from "./parse-body.ts";

const Query = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, "expected a whole number from 1 to 100")
    .transform(Number)
    .pipe(z.number().min(1).max(100))
    .default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
});
type ItemQuery = z.infer<typeof Query>;

/**
 * Which page of a list of items is asked for.
 * @throws OpenAiError 400
 */
export function itemQuery(url: URL): ItemQuery {
  return parseBody(Query, Object.fromEntries(url.searchParams));
}

/** A page of items, as OpenAI's clients turn pages. */
export function itemPage<Item extends { id: string }>(data: readonly Item[], has_more: boolean) {
  return { object: "list", data, first_id: data[0]?.id ?? "", last_id: data.at(-1)?.id ?? "", has_more };
}
