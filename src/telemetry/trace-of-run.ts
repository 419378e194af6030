import { createHash } from "node:crypto";
import { type Context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import { fromTraceparent } from "./traceparent.ts";

/**
 * The id of a run's own span. It follows from the run's id: processes that never meet put their spans under it, and
 * whoever ends the run writes it, when all of them are long written.
 */
export function runSpanId(runId: RunId): string {
  return createHash("sha256").update(runId).digest("hex").slice(0, 16);
}

/** Where the run was started from: the parent of its own span. Null: it is not traced. */
export function originOf({ traceparent }: Run): Context | null {
  const origin = traceparent === undefined ? null : fromTraceparent(traceparent);
  return origin && trace.setSpanContext(ROOT_CONTEXT, origin);
}

/** The run's own span, under which everything that is done for it stands. Null: it is not traced. */
export function contextOf(run: Run): Context | null {
  const origin = run.traceparent === undefined ? null : fromTraceparent(run.traceparent);
  return origin && trace.setSpanContext(ROOT_CONTEXT, { ...origin, spanId: runSpanId(run.id) });
}
