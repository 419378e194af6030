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
  const unanswered = new Set(open);
  const kept = items.filter((item) => {
    if ("role" in item) return true;
    if (item.type === "function_call_output") return unanswered.delete(item.callId);
    unanswered.add(item.callId);
    return true;
  });
  for (const item of next) if ("callId" in item && item.type === "function_call_output") unanswered.delete(item.callId);
  const outputs = [...unanswered].map((callId): InputItem => {
    return { type: "function_call_output", callId, output: notCarriedOut };
  });
  return [...kept, ...outputs];
}
