import { NightshiftError } from "../errors.ts";
import { TurnOutput } from "../model/model.ts";
import { phaseOf } from "../run/phase.ts";
import { hasEnded, type Run, type Webhook } from "../run/run.ts";
import type { PayloadRef } from "../run/run-event.ts";
import { runInputOf, type SaidItem } from "../steps/run-input.ts";
import type { RunStore } from "../store/run-store.ts";

/** A run as lists show it (api.md, section 2): without input and output. */
export function summaryOf(run: Run) {
  const { looks, awakeSeconds } = run.pulse;
  return {
    object: "run" as const,
    id: run.id,
    agent: run.agent,
    status: run.status,
    phase: phaseOf(run),
    turn: run.turn.n,
    error: "error" in run ? run.error : null,
    usage: run.usage,
    ledger: { ...run.ledger, looks, awakeSeconds: Math.round(awakeSeconds * 1000) / 1000 },
    metadata: run.metadata,
    webhook: run.webhook ? webhookOf(run.webhook) : null,
    sessionId: run.sessionId ?? null,
    previousRunId: run.previousRunId ?? run.thread?.previous?.runId ?? null,
    createdAt: run.createdAt,
    startedAt: run.startedAt,
    updatedAt: run.updatedAt,
    finishedAt: hasEnded(run) ? run.finishedAt : null,
    deadline: run.deadline,
    cancelRequestedAt: run.cancelRequestedAt,
    links: { self: `/runs/${run.id}`, events: `/runs/${run.id}/events`, cancel: `/runs/${run.id}/cancel` },
  };
}

function webhookOf({ host, attempts, nextAt: nextAttemptAt, deliveredAt }: Webhook) {
  return { host, attempts, nextAttemptAt, deliveredAt };
}

/** The whole run; the texts come from its payloads. */
export async function viewOf(run: Run, store: RunStore) {
  const [input, output] = await Promise.all([inputOf(run, store), outputOf(run, store)]);
  return { ...summaryOf(run), input, output };
}

/** What the caller said: a text, or messages and what else stands between them. */
export async function inputOf(run: Run, store: RunStore): Promise<string | SaidItem[]> {
  const { items } = await runInputOf(run, { getPayload: (_runId, ref) => payloadOf(run, ref, store) });
  return shownInput(items);
}

/** A conversation as callers see it: one text of the user's is that text. */
export function shownInput(items: SaidItem[]): string | SaidItem[] {
  const [only, ...more] = items;
  return only && "role" in only && only.role === "user" && more.length === 0 ? only.content : items;
}

/** What the run said; also what it had said when it ended early. Null: nothing. */
export async function outputOf(run: Run, store: RunStore): Promise<{ text: string } | null> {
  const kept = hasEnded(run) ? run.output : null;
  return kept && { text: (await turnOutputOf(run, kept, store)).text };
}

export async function turnOutputOf(run: Run, ref: PayloadRef, store: RunStore): Promise<TurnOutput> {
  return TurnOutput.parse(JSON.parse(await payloadOf(run, ref, store)));
}

/**
 * A text of a run that was read a moment ago.
 * @throws NightshiftError `run_not_found` when the run was deleted meanwhile
 */
async function payloadOf(run: Run, ref: PayloadRef, store: RunStore): Promise<string> {
  try {
    return await store.getPayload(run.id, ref);
  } catch (error) {
    if ((await store.get(run.id)) !== null) throw error;
    throw new NightshiftError("run_not_found", `Run ${run.id} was deleted.`, { cause: error });
  }
}
