import { type InputItem, TurnOutput } from "../model/model.ts";
import type { Run } from "../run/run.ts";
import type { RunStore } from "../store/run-store.ts";
import { shortened } from "./shortened.ts";

/** The calls of an ended run's last answer: the agent's own have outputs in the store, the caller's are `open`. */
export async function leftOpen(
  run: Run,
  store: Pick<RunStore, "getPayload">,
): Promise<{ outputs: InputItem[]; open: Set<string> }> {
  if (!run.lastOutput) return { outputs: [], open: new Set() };
  const { calls } = TurnOutput.parse(JSON.parse(await store.getPayload(run.id, run.lastOutput)));
  const open = new Set<string>(run.callerCalls);
  const own = calls.filter(({ id }) => !open.has(id));
  const outputs = own.map(async ({ id: callId }): Promise<InputItem> => {
    const result = run.calls.find(({ id }) => id === callId)?.result;
    const output = result ? shortened(await store.getPayload(run.id, result)) : "Not executed: the run ended before.";
    return { type: "function_call_output", callId, output };
  });
  return { outputs: await Promise.all(outputs), open };
}

/** The calls in `items` that have no output there, after those that were `open` before. */
export function unanswered(items: readonly InputItem[], open: ReadonlySet<string> = new Set()): Set<string> {
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
  next: readonly InputItem[],
): InputItem[] {
  const known = new Set(open);
  const kept = items.filter((item) => {
    if ("role" in item) return true;
    if (item.type === "function_call_output") return known.delete(item.callId);
    return known.add(item.callId);
  });
  const answers = next.filter((item) => "callId" in item && item.type === "function_call_output");
  const outputs = [...unanswered([...kept, ...answers], open)].map((callId): InputItem => {
    return { type: "function_call_output", callId, output: notCarriedOut };
  });
  return [...kept, ...outputs];
}
