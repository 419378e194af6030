import type { InputItem } from "../model/model.ts";
import { responseIdOf } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { leftOpen } from "../steps/left-open.ts";
import type { RunInput } from "../steps/run-input.ts";
import type { OpenAiServices } from "./call.ts";
import { missing, OpenAiError } from "./openai-error.ts";
import { ownResponse } from "./own-runs.ts";

type Thread = Pick<RunInput, "previous" | "items">;

/**
 * What a run is asked: the new items, after the outputs of the agent's own calls that the previous run left open. Runs
 * that go on from one another are a tree: each names the run before it, and any ended one may be gone on from again.
 * @throws OpenAiError 404 `previous_response_not_found`, 400 when it has not ended, or when calls and outputs do not fit
 */
export async function conversationOf(
  previousResponseId: string | null,
  items: InputItem[],
  caller: string,
  services: OpenAiServices,
): Promise<Thread> {
  if (previousResponseId === null) {
    if (items.length === 0) throw missing("input");
    checkCalls(items, new Set());
    return { previous: null, items };
  }
  const run = await previousRun(previousResponseId, caller, services);
  const responseId = run.lastResponseId;
  if (responseId === null) throw notUsable(run, "it ended before the model answered");
  const { outputs, open } = await leftOpen(run, services.store);
  checkCalls(items, open);
  if (outputs.length + items.length === 0) throw missing("input");
  return { previous: { runId: run.id, responseId }, items: [...outputs, ...items] };
}

async function previousRun(id: string, caller: string, services: OpenAiServices): Promise<Run> {
  const { run } = await ownResponse(id, caller, services).catch((error) => {
    if (!(error instanceof OpenAiError)) throw error;
    const where = { code: "previous_response_not_found", param: "previous_response_id" };
    throw new OpenAiError(404, `Previous response with id '${id}' not found.`, where);
  });
  if (!hasEnded(run)) throw notUsable(run, `it is still ${run.status}`);
  return run;
}

function notUsable({ id }: Run, why: string): OpenAiError {
  const message = `Response '${responseIdOf(id)}' cannot be continued: ${why}.`;
  return new OpenAiError(400, message, { code: "previous_response_not_usable", param: "previous_response_id" });
}

/**
 * Fails unless calls and outputs fit, and every call has its output: `left` are the calls that the conversation before
 * has open.
 * @throws OpenAiError 400
 */
export function checkCalls(items: readonly InputItem[], left: ReadonlySet<string>): void {
  const [unanswered] = openAfter(items, left);
  if (unanswered === undefined) return;
  throw new OpenAiError(400, `No tool output found for function call ${unanswered}.`, { param: "input" });
}

/**
 * The calls that are open after `items`, of which `left` were before.
 * @throws OpenAiError 400 for an output without its call
 */
export function openAfter(items: readonly InputItem[], left: ReadonlySet<string>, param = "input"): Set<string> {
  const open = new Set(left);
  for (const item of items) {
    if ("role" in item) continue;
    if (item.type === "function_call") open.add(item.callId);
    else if (!open.delete(item.callId)) {
      const message = `No tool call found for function call output with call_id ${item.callId}.`;
      throw new OpenAiError(400, message, { param });
    }
  }
  return open;
}
