import type { Format, FunctionTool, McpServer, ToolChoice } from "../brain/turn.ts";
import type { Item } from "../items/item.ts";
import { type ReadingItems, readItems, userMessage } from "../items/read-items.ts";
import { type CreateBody, readCreateBody } from "./create-body.ts";
import { readFormat, shownFormat } from "./format.ts";
import { readToolChoice } from "./tool-choice.ts";
import { readTools } from "./tools.ts";

export interface CreateRequest {
  model: string;
  /** As it will be stored: every item with an id. */
  input: Item[];
  instructions: string | null;
  background: boolean;
  store: boolean;
  stream: boolean;
  obfuscation: boolean;
  metadata: Record<string, string>;
  previousResponseId: string | null;
  conversationId: string | null;
  parallelToolCalls: boolean;
  toolChoice: ToolChoice;
  tools: FunctionTool[];
  mcpServers: McpServer[];
  format: Format;
  maxOutputTokens: number | null;
  maxToolCalls: number | null;
  reasoning: { effort: string | null; summary: string | null };
  encryptedReasoning: boolean;
  /** The fields of the request that every answer shows again, as they are in force. */
  echo: Record<string, unknown>;
}

/**
 * The request that a body makes.
 * @throws ApiError 400 that names the parameter
 */
export function readCreateRequest(body: unknown, reading: ReadingItems): CreateRequest {
  const given = readCreateBody(body);
  const { tools, mcpServers, shown } = readTools(given.tools ?? []);
  const toolChoice = readToolChoice(given.tool_choice, tools, mcpServers);
  const format = readFormat(given.text?.format ?? { type: "text" }, "text.format");
  return {
    model: given.model,
    input:
      typeof given.input === "string"
        ? userMessage(given.input, reading.ownerId)
        : readItems(given.input ?? [], "input", reading),
    instructions: given.instructions ?? null,
    background: given.background ?? false,
    store: given.store ?? true,
    stream: given.stream ?? false,
    obfuscation: given.stream_options?.include_obfuscation ?? true,
    metadata: given.metadata ?? {},
    previousResponseId: given.previous_response_id ?? null,
    conversationId: conversationOf(given),
    parallelToolCalls: given.parallel_tool_calls ?? true,
    toolChoice,
    tools,
    mcpServers,
    format,
    maxOutputTokens: given.max_output_tokens ?? null,
    maxToolCalls: given.max_tool_calls ?? null,
    reasoning: reasoningOf(given),
    encryptedReasoning: given.include?.includes("reasoning.encrypted_content") ?? false,
    echo: {
      ...echoOf(given),
      text: { format: shownFormat(format), verbosity: given.text?.verbosity ?? "medium" },
      tools: shown,
    },
  };
}

function echoOf(given: CreateBody) {
  const conversation = conversationOf(given);
  return {
    instructions: given.instructions ?? null,
    max_output_tokens: given.max_output_tokens ?? null,
    max_tool_calls: given.max_tool_calls ?? null,
    metadata: given.metadata ?? {},
    model: given.model,
    parallel_tool_calls: given.parallel_tool_calls ?? true,
    previous_response_id: given.previous_response_id ?? null,
    prompt_cache_key: given.prompt_cache_key ?? null,
    reasoning: reasoningOf(given),
    safety_identifier: given.safety_identifier ?? null,
    store: given.store ?? true,
    temperature: given.temperature ?? 1,
    tool_choice: given.tool_choice ?? "auto",
    top_logprobs: 0,
    top_p: given.top_p ?? 1,
    truncation: given.truncation ?? "disabled",
    presence_penalty: 0,
    frequency_penalty: 0,
    ...(given.user && { user: given.user }),
    ...(conversation !== null && { conversation: { id: conversation } }),
  };
}

function conversationOf({ conversation }: CreateBody): string | null {
  return typeof conversation === "string" ? conversation : (conversation?.id ?? null);
}

function reasoningOf({ reasoning }: CreateBody) {
  return { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? reasoning?.generate_summary ?? null };
}
