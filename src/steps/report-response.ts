import { NightshiftError } from "../errors.ts";
import type { FoundResponse, ProviderWebhooks } from "../model/provider-webhooks.ts";
import { isOpen, responseSeen } from "../run/answers.ts";
import { OperationId, RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { NewEvent } from "../run/run-event.ts";
import { deleteLateResponse } from "./delete-late-response.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import type { Services } from "./services.ts";

export type ReportServices = Pick<Services, "store" | "model" | "log"> & {
  webhooks: Pick<ProviderWebhooks, "find">;
  orchestrations: Orchestrations;
};

/** What a report did. `ignored`: the response is no run's of this store, or the run has long read it. */
export type Reported = "adopted" | "rung" | "orphan-confirmed" | "ignored";

/**
 * Takes in the provider's report that a response has ended: its run adopts it, or records it as a surplus, as a step
 * would (design.md, section 5), and is woken if it waits for it. A report that is repeated, or comes late, does nothing; one
 * of a response whose run was deleted has it deleted, too.
 * @throws NightshiftError `provider_unavailable` when the response cannot be read now: the report is to be repeated
 */
export async function reportResponse(responseId: string, services: ReportServices): Promise<Reported> {
  const { store, webhooks, orchestrations, model, log } = services;
  const found = await webhooks.find(responseId);
  if (found.kind === "missing") return "ignored";
  if (found.kind === "unavailable") {
    throw new NightshiftError("provider_unavailable", `Response ${responseId} cannot be read now: ${found.message}`);
  }
  const origin = originOf(found);
  if (!origin) return "ignored";
  if (!(await store.get(origin.runId))) {
    const late = { responseId, token: found.token, atWork: !found.ended };
    if (await store.tombstone(origin.runId)) await deleteLateResponse(origin.runId, late, services);
    return "ignored";
  }
  const seen = { responseId, token: found.token, usage: found.usage };
  const taken: { as: Reported } = { as: "ignored" };
  const run = await store.update(origin.runId, (before) => {
    const events = responseSeen(before, origin, seen);
    taken.as = meaningOf(events, before, origin.op, responseId);
    const awaited = taken.as === "adopted" || taken.as === "rung";
    if (awaited) return { events, pulse: { reported: responseId } }; // or a wait about to be written would miss the bell
    return events.length > 0 ? { events, pulse: {} } : null;
  });
  if (taken.as === "adopted" || taken.as === "rung") await ring(run, orchestrations, log);
  if (taken.as === "orphan-confirmed" && !found.ended) await model.cancel(found.token);
  return taken.as;
}

function meaningOf(events: readonly NewEvent[], run: Run, op: OperationId, responseId: string): Reported {
  if (events.some(({ type }) => type === "turn-started")) return "adopted";
  if (events.some(({ type }) => type === "orphan-confirmed")) return "orphan-confirmed";
  const awaited = isOpen(run, { op }) && run.turn.state === "started" && run.turn.responseId === responseId;
  return awaited ? "rung" : "ignored";
}

/** Whose POST made the response. Metadata of other programs is not ours to understand. */
function originOf({ metadata }: Extract<FoundResponse, { kind: "found" }>): { runId: RunId; op: OperationId } | null {
  const runId = RunId.safeParse(metadata.nightshift_run);
  const op = OperationId.safeParse(metadata.nightshift_op);
  return runId.success && op.success ? { runId: runId.data, op: op.data } : null;
}
