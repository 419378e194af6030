import { createHash } from "node:crypto";
import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import { CallId } from "../run/ids.ts";
import { Decision } from "../run/run-event.ts";
import { canonicalJson } from "../steps/canonical-json.ts";
import { decideApproval } from "../steps/decide-approval.ts";
import { ownRun } from "./caller.ts";
import type { Route } from "./http-services.ts";
import { readJson } from "./json-body.ts";
import { parseRequest } from "./parse-request.ts";
import { viewOf } from "./run-view.ts";
import { idempotencyKeyOf } from "./start.ts";

const Body = z.strictObject({ decision: Decision, reason: z.string().min(1).max(2000).nullable().default(null) });

/**
 * `POST /runs/{runId}/approvals/{callId}`: a person's decision on a call, which counts once. The same request with the
 * same Idempotency-Key may be repeated; without a key a repeat is 409.
 */
export const decide: Route = async (call, services) => {
  const { id: runId } = await ownRun(call, services);
  const key = idempotencyKeyOf(call.request);
  const body = parseRequest(Body, await readJson(call.request));
  const callId = CallId.safeParse(call.parameters.callId);
  if (!callId.success) throw new NightshiftError("approval_not_found", "No call has such an id.");
  const requestHash = key === null ? null : hashOf([key, body]);
  const decided = { runId, callId: callId.data, ...body, requestHash };
  const run = await decideApproval(decided, { ...services, orchestrations: call.orchestrations });
  return Response.json(await viewOf(run, services.store));
};

function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
