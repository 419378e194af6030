import { createHash, randomBytes } from "node:crypto";
import { type ApiError, invalidRequest } from "./api-error.ts";
import { readConversation } from "./brain/conversation.ts";
import { decide } from "./brain/decide.ts";
import { hasEnded, statusAt } from "./lifecycle.ts";
import type { CreateRequest, Item } from "./request.ts";
import { Item as ItemSchema } from "./request.ts";
import type { ScriptedTurn, ScriptStore } from "./scripts.ts";
import type { Ending, ResponseStore, StoredResponse } from "./stored-response.ts";
import { usageOf } from "./usage.ts";

export interface Accepting {
  responses: ResponseStore;
  scripts: ScriptStore;
  seed: string;
  queueSeconds: number;
  turnSeconds: number;
}

/**
 * The response that a request will have: what it says is decided here, and time brings it out.
 * @throws ApiError 400 when the request does not fit its conversation
 */
export function acceptResponse(
  request: CreateRequest,
  ending: Ending,
  now: number,
  accepting: Accepting,
): StoredResponse {
  const chain = chainOf(request.previousResponseId, now, accepting.responses);
  checkOutputs(request, chain.at(-1) ?? null);
  const history = chain.flatMap((response) => [...response.input, ...itemsOf(response)]);
  const scripted = scriptedTurn(request, history, chain.length, accepting.scripts);
  const output = scripted
    ? outputOf(scripted.text ?? "", scripted.calls ?? [])
    : ruled(request, history, accepting.seed);
  return {
    id: `resp_${randomBytes(24).toString("hex")}`,
    previous: request.previousResponseId,
    createdAt: now,
    background: request.background,
    cancelledAt: null,
    ...cut(request, output, ending),
    model: request.model,
    instructions: request.instructions,
    metadata: request.metadata,
    tools: request.tools.map((tool) => ({
      ...tool,
      description: tool.description ?? null,
      parameters: tool.parameters ?? null,
      strict: tool.strict ?? true,
    })),
    toolChoice: request.toolChoice,
    parallelToolCalls: request.parallelToolCalls,
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    store: request.store,
    input: request.input,
    usage: scripted?.usage ?? usageOf(request.instructions, [...history, ...request.input], output),
    queueMs: Math.round(accepting.queueSeconds * 1000),
    totalMs: Math.round((scripted?.seconds ?? accepting.turnSeconds) * 1000),
    depth: chain.length,
  };
}

function ruled(request: CreateRequest, history: readonly Item[], seed: string) {
  const { text, calls } = decide(request, readConversation(request, history), seed);
  return outputOf(text, calls);
}

/** The responses that stand before, the oldest first. */
function chainOf(previous: string | null, now: number, responses: ResponseStore): StoredResponse[] {
  const chain: StoredResponse[] = [];
  for (let id = previous; id !== null; ) {
    const response = responses.find(id);
    if (!response || !hasEnded(statusAt(response, now))) throw previousNotFound(id);
    chain.unshift(response);
    id = response.previous;
  }
  return chain;
}

function previousNotFound(id: string): ApiError {
  return invalidRequest(
    `Previous response with id '${id}' not found.`,
    "previous_response_id",
    "previous_response_not_found",
  );
}

/** Every call of the response before must be answered, and nothing else (responses-api.md, section 1.6). */
function checkOutputs({ input }: CreateRequest, before: StoredResponse | null): void {
  const asked = new Set(
    [...(before ? itemsOf(before) : []), ...input].flatMap((item) =>
      item.type === "function_call" ? [item.call_id] : [],
    ),
  );
  const answered = new Set(input.flatMap((item) => (item.type === "function_call_output" ? [item.call_id] : [])));
  for (const id of answered) {
    if (!asked.has(id))
      throw invalidRequest(`No tool call found for function call output with call_id ${id}.`, "input");
  }
  for (const id of asked) {
    if (!answered.has(id)) throw invalidRequest(`No tool output found for function call ${id}.`, "input");
  }
}

function itemsOf(response: StoredResponse): Item[] {
  return response.output.flatMap((item) => {
    const parsed = ItemSchema.safeParse(item);
    return parsed.success ? [parsed.data] : [];
  });
}

function scriptedTurn(
  request: CreateRequest,
  history: readonly Item[],
  depth: number,
  scripts: ScriptStore,
): ScriptedTurn | null {
  const { prompt } = readConversation(request, history);
  return scripts.turnFor(`${request.model}\n${request.instructions ?? ""}\n${prompt}`, depth);
}

function outputOf(text: string, calls: readonly { name: string; arguments: unknown }[]): Record<string, unknown>[] {
  const made = calls.map((call) => ({
    type: "function_call",
    id: `fc_${randomBytes(24).toString("hex")}`,
    call_id: `call_${randomBytes(12).toString("hex")}`,
    name: call.name,
    arguments: JSON.stringify(call.arguments),
    status: "completed",
  }));
  if (made.length > 0) return made;
  return text === "" ? [] : [messageItem(text)];
}

function messageItem(text: string) {
  return {
    type: "message",
    id: `msg_${createHash("sha256").update(randomBytes(16)).digest("hex").slice(0, 48)}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
  };
}

/** `max_output_tokens` cuts the text and makes the response incomplete; about four characters are a token. */
function cut({ maxOutputTokens }: CreateRequest, output: Record<string, unknown>[], ending: Ending) {
  const most = maxOutputTokens === null ? Number.POSITIVE_INFINITY : maxOutputTokens * 4;
  const text = textOfMessage(output);
  if (ending.status !== "completed" || text === null || text.length <= most) return { output, ending };
  const message = { ...messageItem(text.slice(0, most)), status: "incomplete" };
  return { output: [message], ending: { status: "incomplete" as const, reason: "max_output_tokens" } };
}

function textOfMessage([item]: Record<string, unknown>[]): string | null {
  const [part]: unknown[] = item && Array.isArray(item.content) ? item.content : [];
  return typeof part === "object" && part !== null && "text" in part ? String(part.text) : null;
}
