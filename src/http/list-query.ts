import { z } from "zod";
import { Instant, toInstant } from "../run/ids.ts";
import { Metadata } from "../run/metadata.ts";
import type { RunStatus } from "../run/run.ts";
import type { RunQuery } from "../store/run-store.ts";
import { Cursor, wholeNumber } from "./paging.ts";
import { parseRequest, queryValues } from "./parse-request.ts";

const time = z.iso
  .datetime({ offset: true, error: "expected a time as in 2026-11-24T09:00:00Z" })
  .transform((text) => toInstant(Date.parse(text)))
  .pipe(Instant); // the offset may lead out of the years 0 to 9999, whose texts are in the order of time

const Status = z.enum({
  queued: "queued",
  running: "running",
  waiting: "waiting",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  incomplete: "incomplete",
} satisfies { [Each in RunStatus]: Each });

const ListQuery = z.strictObject({
  limit: wholeNumber(1, 100).default(20),
  after: Cursor.nullable().default(null),
  agent: z.string().nullable().default(null),
  sessionId: z.string().nullable().default(null),
  status: z.array(Status).default([]),
  createdAfter: time.nullable().default(null),
  createdBefore: time.nullable().default(null),
  metadata: Metadata.default({}),
});

const prefix = "metadata.";

/**
 * What `GET /runs` asks for (api.md, section 7). `status` may be repeated; `metadata.<key>` asks for a pair.
 * @throws NightshiftError `invalid_request`, listing every fault; an unknown filter is one
 */
export function parseListQuery(query: URLSearchParams, caller: string): RunQuery {
  const values = Object.entries(queryValues(query));
  const pairs = values.filter(([name]) => name.startsWith(prefix));
  const given = {
    ...(pairs.length > 0 && {
      metadata: Object.fromEntries(pairs.map(([name, value]) => [name.slice(prefix.length), value])),
    }),
    ...Object.fromEntries(values.filter(([name]) => !name.startsWith(prefix))), // a plain `metadata` too, to be refused
    ...(query.has("status") && { status: query.getAll("status") }),
  };
  const { status, ...page } = parseRequest(ListQuery, given, ["query"]);
  return { ...page, caller, statuses: status };
}
