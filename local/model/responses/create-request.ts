import { z } from "zod";
import { invalidRequest, missing, notOffered } from "../api-error.ts";
import type { Format, FunctionTool, McpServer, ToolChoice } from "../brain/turn.ts";
import type { Item } from "../items/item.ts";
import { type ReadingItems, readItems, userMessage } from "../items/read-items.ts";
import { Metadata } from "../metadata.ts";
import { schemaError } from "../schema-error.ts";
import { readToolChoice } from "./tool-choice.ts";
import { readTools } from "./tools.ts";

const Count = z.int().min(0);

/** What we read of `POST /v1/responses`; fields that OpenAI does not know are ignored. */
const Body = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.unknown())]).nullish(),
  instructions: z.string().nullish(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
  metadata: Metadata.nullish(),
  previous_response_id: z.string().nullish(),
  conversation: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tool_choice: z.unknown().optional(),
  tools: z.array(z.unknown()).nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  max_tool_calls: Count.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  text: z
    .looseObject({
      format: z.looseObject({ type: z.string() }).nullish(),
      verbosity: z.enum(["low", "medium", "high"]).nullish(),
    })
    .nullish(),
  reasoning: z
    .looseObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
      summary: z.enum(["auto", "concise", "detailed"]).nullish(),
      generate_summary: z.enum(["auto", "concise", "detailed"]).nullish(),
    })
    .nullish(),
  include: z.array(z.string()).nullish(),
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"]).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().max(128).nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.enum(["in_memory", "in-memory", "24h"]).nullish(),
});

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

/** Known to OpenAI, with an effect that this server does not have. */
const refused = [
  "prompt",
  "context_management",
  "moderation",
  "access_programs",
  "prompt_cache_options",
  "personality",
];
const includes = new Set(["reasoning.encrypted_content"]);
const emptyIncludes = new Set([
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
]);

/**
 * The request that a body makes.
 * @throws ApiError 400 that names the parameter
 */
export function readCreateRequest(body: unknown, reading: ReadingItems): CreateRequest {
  const parsed = Body.safeParse(body);
  if (!parsed.success) throw schemaError(parsed.error);
  const given = parsed.data;
  refuse(given);
  const { tools, mcpServers, shown } = readTools(given.tools ?? []);
  const toolChoice = readToolChoice(given.tool_choice, tools, mcpServers);
  const format = readFormat(given.text?.format ?? { type: "text" }, "text.format");
  const conversationId = typeof given.conversation === "string" ? given.conversation : (given.conversation?.id ?? null);
  const effort = given.reasoning?.effort ?? null;
  const summary = given.reasoning?.summary ?? given.reasoning?.generate_summary ?? null;
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
    conversationId,
    parallelToolCalls: given.parallel_tool_calls ?? true,
    toolChoice,
    tools,
    mcpServers,
    format,
    maxOutputTokens: given.max_output_tokens ?? null,
    maxToolCalls: given.max_tool_calls ?? null,
    reasoning: { effort, summary },
    encryptedReasoning: given.include?.includes("reasoning.encrypted_content") ?? false,
    echo: {
      instructions: given.instructions ?? null,
      max_output_tokens: given.max_output_tokens ?? null,
      max_tool_calls: given.max_tool_calls ?? null,
      metadata: given.metadata ?? {},
      model: given.model,
      parallel_tool_calls: given.parallel_tool_calls ?? true,
      previous_response_id: given.previous_response_id ?? null,
      prompt_cache_key: given.prompt_cache_key ?? null,
      reasoning: { effort, summary },
      safety_identifier: given.safety_identifier ?? null,
      store: given.store ?? true,
      temperature: given.temperature ?? 1,
      text: { format: shownFormat(format), verbosity: given.text?.verbosity ?? "medium" },
      tool_choice: given.tool_choice ?? "auto",
      tools: shown,
      top_logprobs: 0,
      top_p: given.top_p ?? 1,
      truncation: given.truncation ?? "disabled",
      presence_penalty: 0,
      frequency_penalty: 0,
      ...(given.user && { user: given.user }),
      ...(conversationId !== null && { conversation: { id: conversationId } }),
    },
  };
}

function refuse(given: z.infer<typeof Body>): void {
  for (const name of refused) if (given[name] !== undefined && given[name] !== null) throw notOffered(name);
  if (given.top_logprobs) throw notOffered("top_logprobs");
  for (const name of given.include ?? []) {
    if (!includes.has(name) && !emptyIncludes.has(name)) throw notOffered("include", `include '${name}'`);
  }
  if (given.background && given.store === false) {
    throw invalidRequest("Background mode requires store=true.", "background", "unsupported_parameter");
  }
  if (given.previous_response_id && given.conversation) {
    const message = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Give one of them.";
    throw invalidRequest(message, "previous_response_id", "mutually_exclusive_parameters");
  }
  const empty = given.input === undefined || given.input === null || given.input.length === 0;
  if (empty && !given.previous_response_id && !given.conversation) throw missing("input");
}

const JsonSchemaFormat = z.looseObject({
  type: z.literal("json_schema"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
});

/** The form that an answer's text is to have. Chat Completions has the same three, one level deeper. */
export function readFormat(raw: { type: string }, param: string): Format {
  if (raw.type === "text" || raw.type === "json_object") return { type: raw.type };
  if (raw.type !== "json_schema") throw notOffered(`${param}.type`, `${param} of type '${raw.type}'`);
  const parsed = JsonSchemaFormat.safeParse(raw);
  if (!parsed.success) throw schemaError(parsed.error, param);
  const { type, name, schema, strict, description } = parsed.data;
  return { type, name, schema, strict: strict ?? false, description: description ?? null };
}

function shownFormat(format: Format) {
  if (format.type !== "json_schema") return format;
  const { description, ...rest } = format;
  return { ...rest, ...(description !== null && { description }) };
}
