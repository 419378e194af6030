import type { ToolOutcome } from "../agent/define-tool.ts";
import { executeApproved } from "../agent/run.ts";
import { type Claim, type Claiming, claimingOf, mayBeAlive } from "../run/claim.ts";
import type { RunId } from "../run/ids.ts";
import { closingOf } from "../run/next-move.ts";
import { type Call, hasEnded, type Run } from "../run/run.ts";
import { requestOf } from "./call-request.ts";
import { isGone } from "./gone.ts";
import { keepTrying } from "./keep-trying.ts";
import type { PerformCallServices } from "./perform-call.ts";
import { instantOf, momentOf } from "./services.ts";
import { tryOften } from "./try-often.ts";
import { unknownOutcome } from "./unknown-outcome.ts";
import { watchCall } from "./watch-call.ts";

/**
 * The outcome of a call that run `askedBy` left to a person, who approved it in `run`, and perhaps in other runs that go
 * on from that one too: whoever first writes the claim executes it, the others get the stored result. Null: this run is
 * to end, or has waited so long for another that a new activity looks again. A process may die anywhere:
 *
 * | it dies after | what the next attempt finds, and does |
 * | --- | --- |
 * | `call-started` in its own run | a call without a result: this again |
 * | the claim | its own run's claim: a `safe` call is executed again; a `never` call is unknown once `until` has passed |
 * | the tool's effect | the same: only a result in the claim proves it |
 * | the result's payload | the same; the payload is left and goes with the run that asked |
 * | the claim's result | a claim with a result: it is taken, nothing is executed |
 * | the result's payload in its own run | the same |
 */
export async function executeClaimed(
  run: Run,
  call: Call,
  askedBy: RunId,
  services: PerformCallServices,
): Promise<ToolOutcome | null> {
  const asking = await services.store.get(askedBy);
  if (!asking) return deleted;
  try {
    return await claimed(run, call, asking, services);
  } catch (error) {
    if (isGone(error)) return deleted;
    throw error;
  }
}

const deleted: ToolOutcome = {
  ok: false,
  reason: "refused",
  text: "This call was not executed, or its result is lost: the run that asked for it was deleted.",
};

async function claimed(run: Run, call: Call, asking: Run, services: PerformCallServices): Promise<ToolOutcome | null> {
  const claiming = await take(run, call, asking, services);
  switch (claiming.kind) {
    case "done":
      return outcomeOf(claiming.result, asking, services);
    case "lost":
      return settle(call, asking, { ok: false, reason: "failed", text: unknownOutcome }, services);
    case "execute": {
      const outcome = await execute(run, call, asking, services);
      return outcome && settle(call, asking, outcome, services);
    }
    case "wait": {
      const result = await resultOfOther(run, call, asking, services);
      return result && outcomeOf(result, asking, services);
    }
  }
}

async function take(run: Run, call: Call, asking: Run, services: PerformCallServices): Promise<Claiming> {
  const { store, agents } = services;
  const repeat = agents.get(asking.agent)?.tools.find(({ name }) => name === call.tool)?.repeat ?? "safe";
  const claimant = { runId: run.id, callId: call.id, repeat, timeoutSeconds: call.timeoutSeconds };
  let claiming: Claiming = { kind: "wait" };
  await store.claim(asking.id, call.id, (stored) => {
    claiming = claimingOf(stored, claimant, momentOf(services));
    return claiming.kind === "execute" ? claiming.claim : null;
  });
  return claiming;
}

async function execute(run: Run, call: Call, asking: Run, services: PerformCallServices): Promise<ToolOutcome | null> {
  const agent = services.agents.get(asking.agent);
  if (!agent) return { ok: false, reason: "refused", text: `This deployment has no agent ${asking.agent} any more.` };
  const request = await requestOf(asking, call.id, services);
  const idempotencyKey = `${asking.id}/${asking.turn.n}/${call.id}`; // the same in every run that goes on from there
  return watchCall(run.id, call, services, (signal, reports) =>
    tryOften(agent, request, { idempotencyKey, signal, reports }, services, executeApproved),
  );
}

/** Stores the outcome in the claim; where another one was faster, that one counts; where the claim is deleted, this one. */
async function settle(
  call: Call,
  asking: Run,
  outcome: ToolOutcome,
  services: PerformCallServices,
): Promise<ToolOutcome> {
  try {
    return await settled(call, asking, outcome, services);
  } catch (error) {
    if (isGone(error)) return outcome;
    throw error;
  }
}

async function settled(
  call: Call,
  asking: Run,
  outcome: ToolOutcome,
  services: PerformCallServices,
): Promise<ToolOutcome> {
  const { store } = services;
  const output = await keepTrying(() => store.putPayload(asking.id, "approved-result", outcome.text), services);
  const result = { ok: outcome.ok, output };
  const stored = await keepTrying(
    () => store.claim(asking.id, call.id, (claim) => (claim && !claim.result ? { ...claim, result } : null)),
    services,
  );
  const counts = stored?.result ?? result;
  return counts.output.hash === output.hash ? outcome : outcomeOf(counts, asking, services);
}

async function outcomeOf(
  { ok, output }: NonNullable<Claim["result"]>,
  asking: Run,
  { store }: PerformCallServices,
): Promise<ToolOutcome> {
  const text = await store.getPayload(asking.id, output);
  return ok ? { ok, text } : { ok, reason: "failed", text };
}

/** The result that another run brings; null when it brings none in its time, or this run is to end. */
async function resultOfOther(
  run: Run,
  call: Call,
  asking: Run,
  services: PerformCallServices,
): Promise<Claim["result"]> {
  const { store, clock } = services;
  const never = new AbortController().signal;
  for (let looks = 0; ; looks++) {
    await clock.sleep(looks < 30 ? 2 : 5, never);
    const own = await store.get(run.id);
    if (!own || hasEnded(own) || closingOf(own, instantOf(clock))) return null;
    const claim = await store.claim(asking.id, call.id, () => null);
    if (!claim || claim.result || !mayBeAlive(claim, momentOf(services))) return claim?.result ?? null;
  }
}
