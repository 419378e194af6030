import { type InputItem, TurnOutput } from "../model/model.ts";
import type { Run } from "../run/run.ts";
import type { RunStore } from "../store/run-store.ts";
import type { SaidItem } from "./run-input.ts";
import { shortened } from "./shortened.ts";

interface LeftOpen {
  /** Of the agent's own calls. */
  outputs: InputItem[];
  /** The calls that the caller has to see to. */
  open: Set<string>;
  /** Those of them on which the caller is to decide, and need not. */
  approvals: Set<string>;
}

/** The calls of an ended run's last answer: the agent's own have outputs in the store, the others are `open`. */
export async function leftOpen(run: Run, store: Pick<RunStore, "getPayload">): Promise<LeftOpen> {
  const approvals = new Set<string>(run.approvalCalls);
  if (!run.lastOutput) return { outputs: [], open: new Set(), approvals };
  const { calls } = TurnOutput.parse(JSON.parse(await store.getPayload(run.id, run.lastOutput)));
  const open = new Set<string>([...(run.callerCalls ?? []), ...approvals]);
  const own = calls.filter(({ id }) => !open.has(id));
  const outputs = own.map(async ({ id: callId }): Promise<InputItem> => {
    const result = run.calls.find(({ id }) => id === callId)?.result;
    const output = result ? shortened(await store.getPayload(run.id, result)) : "Not executed: the run ended before.";
    return { type: "function_call_output", callId, output };
  });
  return { outputs: await Promise.all(outputs), open, approvals };
}

/** The calls in `items` that have no output and no decision there, after those that were `open` before. */
export function unanswered(items: readonly SaidItem[], open: ReadonlySet<string> = new Set()): Set<string> {
  const left = new Set(open);
  for (const item of items) {
    if ("role" in item) continue;
    if (item.type === "function_call") left.add(item.callId);
    else left.delete(item.callId);
  }
  return left;
}

const notCarriedOut = "Not carried out: the conversation went on without it.";

/**
 * What stands between an answer whose calls are `open` and the `next` items: `items` without outputs that no call asks
 * for, and an output for every call that nobody has answered. A model takes no conversation where these do not fit.
 */
export function closingCalls(
  items: readonly InputItem[],
  open: ReadonlySet<string>,
  next: readonly SaidItem[],
): InputItem[] {
  const known = new Set(open);
  const kept = items.filter((item) => {
    if ("role" in item) return true;
    if (item.type === "function_call_output") return known.delete(item.callId);
    return known.add(item.callId);
  });
  const answers = next.filter((item) => "callId" in item && item.type !== "function_call");
  const outputs = [...unanswered([...kept, ...answers], open)].map((callId): InputItem => {
    return { type: "function_call_output", callId, output: notCarriedOut };
  });
  return [...kept, ...outputs];
}
