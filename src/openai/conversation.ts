import { responseIdOf } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { undecidedText } from "../steps/denied.ts";
import { leftOpen } from "../steps/left-open.ts";
import type { RunInput, SaidItem } from "../steps/run-input.ts";
import type { AskedCalls } from "./approvals.ts";
import type { OpenAiServices } from "./call.ts";
import { missing, OpenAiError } from "./openai-error.ts";
import { ownResponse } from "./own-runs.ts";

type Thread = Pick<RunInput, "previous" | "items" | "added">;

/**
 * What a run is asked: the new items, after the outputs of the agent's own calls that the previous run left open. Runs
 * that go on from one another are a tree: each names the run before it, and any ended one may be gone on from again.
 * A call on which the caller was asked to decide and did not is not executed; the model is told so.
 * @throws OpenAiError 404 `previous_response_not_found`, 400 when it has not ended, or when calls and outputs do not fit
 */
export async function conversationOf(
  previousResponseId: string | null,
  items: SaidItem[],
  asked: AskedCalls,
  caller: string,
  services: OpenAiServices,
): Promise<Thread> {
  const askedHere = new Set([...asked.found.values()].map(({ callId }) => callId));
  if (previousResponseId === null) {
    if (items.length === 0) throw missing("input");
    const said = withRequests(items);
    const undecided = checkCalls(said, new Set(), askedHere);
    const told = said.flatMap((item) => [item, ...undecidedAfter(item, undecided)]);
    return { previous: null, ...marked(told, items) };
  }
  const run = await previousRun(previousResponseId, caller, services);
  const responseId = run.lastResponseId;
  if (responseId === null) throw notUsable(run, "it ended before the model answered");
  const { outputs, open, approvals } = await leftOpen(run, services.store);
  const said = items.filter((item) => !isCallOf(item, approvals)); // the conversation before has it already
  const undecided = checkCalls(said, open, new Set([...askedHere, ...approvals]));
  if (outputs.length + approvals.size + said.length === 0) throw missing("input");
  const untold = [...approvals].filter((callId) => undecided.has(callId)).map(undecidedOutput);
  const told = said.flatMap((item) => [item, ...undecidedAfter(item, undecided)]);
  return { previous: { runId: run.id, responseId }, ...marked([...outputs, ...untold, ...told], items) };
}

/** What the caller did not send is no input of its request. */
function marked(told: SaidItem[], sent: readonly SaidItem[]): Pick<RunInput, "items" | "added"> {
  const added = told.flatMap((item, place) => (sent.includes(item) ? [] : [place]));
  return { items: told, ...(added.length > 0 && { added }) };
}

/** Some clients that keep the conversation themselves send an answer without its request. */
function withRequests(items: readonly SaidItem[]): SaidItem[] {
  const called = new Set<string>();
  return items.flatMap((item): SaidItem[] => {
    if ("role" in item || item.type === "function_call_output" || called.has(item.callId)) return [item];
    called.add(item.callId);
    if (item.type === "function_call") return [item];
    const { callId, name, arguments: text } = item;
    return [{ type: "function_call", callId, name, arguments: text }, item];
  });
}

/** The items without the requests that they answer: a conversation that is kept here has these already. */
export function withoutRequests(items: readonly SaidItem[], { found }: AskedCalls): SaidItem[] {
  const asked = new Set([...found.values()].map(({ callId }) => callId));
  return items.filter((item) => !isCallOf(item, asked));
}

function isCallOf(item: SaidItem, calls: ReadonlySet<string>): boolean {
  return !("role" in item) && item.type === "function_call" && calls.has(item.callId);
}

function undecidedAfter(item: SaidItem, undecided: ReadonlySet<string>): SaidItem[] {
  return !("role" in item) && isCallOf(item, undecided) ? [undecidedOutput(item.callId)] : [];
}

function undecidedOutput(callId: string): SaidItem {
  return { type: "function_call_output", callId, output: undecidedText };
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
 * has open. Those on which the caller may decide, `decidable`, need none: they are returned.
 * @throws OpenAiError 400
 */
export function checkCalls(
  items: readonly SaidItem[],
  left: ReadonlySet<string>,
  decidable: ReadonlySet<string>,
): ReadonlySet<string> {
  const open = openAfter(items, left);
  const unanswered = [...open].find((callId) => !decidable.has(callId));
  if (unanswered === undefined) return open;
  throw new OpenAiError(400, `No tool output found for function call ${unanswered}.`, { param: "input" });
}

/**
 * The calls that are open after `items`, of which `left` were before.
 * @throws OpenAiError 400 for an output or a decision without its call
 */
export function openAfter(items: readonly SaidItem[], left: ReadonlySet<string>, param = "input"): Set<string> {
  const open = new Set(left);
  for (const item of items) {
    if ("role" in item) continue;
    if (item.type === "function_call") open.add(item.callId);
    else if (!open.delete(item.callId)) throw unexpected(item, param);
  }
  return open;
}

function unexpected(item: Exclude<SaidItem, { role: string } | { type: "function_call" }>, param: string): OpenAiError {
  const message =
    item.type === "approval_response"
      ? `No open approval request found for approval response with approval_request_id ${item.requestId}.`
      : `No tool call found for function call output with call_id ${item.callId}.`;
  return new OpenAiError(400, message, { param });
}
