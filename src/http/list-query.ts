import { z } from "zod";
import { toInstant } from "../run/ids.ts";
import type { RunQuery } from "../store/run-store.ts";
import { faultsOf } from "./faults.ts";
import { Cursor, wholeNumber } from "./paging.ts";
import { invalidRequest } from "./problem.ts";

const time = z.iso
  .datetime({ offset: true, error: "expected a time as in 2026-11-24T09:00:00Z" })
  .transform((text) => toInstant(Date.parse(text)));

const statuses = ["queued", "running", "completed", "failed", "cancelled", "incomplete"] as const;

const ListQuery = z.strictObject({
  limit: wholeNumber(1, 100).default(20),
  after: Cursor.nullable().default(null),
  agent: z.string().nullable().default(null),
  status: z.array(z.enum(statuses)).default([]),
  createdAfter: time.nullable().default(null),
  createdBefore: time.nullable().default(null),
  metadata: z.record(z.string(), z.string()).default({}),
});

/**
 * What `GET /runs` asks for (api.md, section 7). `status` may be repeated; `metadata.<key>` asks for a pair.
 * @throws NightshiftError `invalid_request`, listing every fault; an unknown filter is one
 */
export function parseListQuery(query: URLSearchParams, caller: string): RunQuery {
  const pairs = [...query].filter(([name]) => name.startsWith("metadata."));
  const others = [...query].filter(([name]) => name !== "status" && !name.startsWith("metadata."));
  const given = {
    ...Object.fromEntries(others),
    ...(query.has("status") && { status: query.getAll("status") }),
    metadata: Object.fromEntries(pairs.map(([name, value]) => [name.slice("metadata.".length), value])),
  };
  const parsed = ListQuery.safeParse(given);
  if (!parsed.success) throw invalidRequest(faultsOf(parsed.error.issues, ["query"]));
  const { status, ...page } = parsed.data;
  return { ...page, caller, statuses: status };
}
