import { z } from "zod";
import { invalidValue, notOffered } from "../api-error.ts";
import type { Turn } from "../brain/turn.ts";
import { Metadata } from "../metadata.ts";
import { readFormat } from "../responses/format.ts";
import { readToolChoice } from "../responses/tool-choice.ts";
import { readTools } from "../responses/tools.ts";
import { schemaError } from "../schema-error.ts";
import { readMessages } from "./read-messages.ts";

/** What we read of `POST /v1/chat/completions`. README.md tells which parameters have an effect, none, or are refused. */
const Body = z.looseObject({
  model: z.string().min(1),
  messages: z.array(z.unknown()).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  seed: z.number().nullish(),
  metadata: Metadata.nullish(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  reasoning_effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
  verbosity: z.enum(["low", "medium", "high"]).nullish(),
  service_tier: z.string().nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().max(128).nullish(),
  modalities: z.array(z.string()).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  store: z.boolean().nullish(),
});

export interface ChatRequest {
  model: string;
  turn: Turn;
  stream: boolean;
  includeUsage: boolean;
  maxTokens: number | null;
  stop: readonly string[];
  seed: string;
}

const refused = [
  "audio",
  "functions",
  "function_call",
  "prediction",
  "web_search_options",
  "moderation",
  "prompt_cache_options",
];

/** @throws ApiError 400 that names the parameter */
export function readChatRequest(body: unknown, ownerId: string): ChatRequest {
  const parsed = Body.safeParse(body);
  if (!parsed.success) throw schemaError(parsed.error);
  const given = parsed.data;
  refuse(given);
  const { tools } = readTools((given.tools ?? []).map(asFlatTool));
  const format = given.response_format ?? { type: "text" };
  return {
    model: given.model,
    turn: {
      instructions: null,
      items: readMessages(given.messages, ownerId),
      tools,
      mcpServers: [],
      toolChoice: readToolChoice(asFlatChoice(given.tool_choice), tools, []),
      parallelToolCalls: given.parallel_tool_calls ?? true,
      maxToolCalls: null,
      format: readFormat(flat(format, "json_schema"), "response_format"),
    },
    stream: given.stream ?? false,
    includeUsage: given.stream_options?.include_usage ?? false,
    maxTokens: given.max_completion_tokens ?? given.max_tokens ?? null,
    stop: typeof given.stop === "string" ? [given.stop] : (given.stop ?? []),
    seed: given.seed === undefined || given.seed === null ? "" : String(given.seed),
  };
}

function refuse(given: z.infer<typeof Body>): void {
  for (const name of refused) if (given[name] !== undefined && given[name] !== null) throw notOffered(name);
  if ((given.n ?? 1) > 1) throw notOffered("n", "'n' above 1");
  if (given.logprobs) throw notOffered("logprobs");
  if (given.top_logprobs) throw notOffered("top_logprobs");
  if (Object.keys(given.logit_bias ?? {}).length > 0) throw notOffered("logit_bias");
  if (given.store) throw notOffered("store", "stored chat completions");
  if (given.modalities?.some((modality) => modality !== "text"))
    throw notOffered("modalities", "modalities other than text");
  if (given.stream_options && !given.stream) throw invalidValue("stream_options", "it is only allowed with 'stream'");
}

/** Chat Completions puts a function's members one level deeper than Responses. */
function flat(value: { type: string; [member: string]: unknown }, member: string): { type: string } {
  const inner = value[member];
  return typeof inner === "object" && inner !== null ? { ...inner, type: value.type } : value;
}

function asFlatTool(tool: { type: string }, index: number): unknown {
  if (tool.type !== "function") throw notOffered(`tools[${index}].type`, `tools of type '${tool.type}'`);
  return flat(tool, "function");
}

function asFlatChoice(choice: unknown): unknown {
  if (typeof choice !== "object" || choice === null || !("type" in choice)) return choice;
  const type = String(choice.type);
  const outer = flat({ ...choice, type }, type === "allowed_tools" ? "allowed_tools" : "function");
  if (!("tools" in outer) || !Array.isArray(outer.tools)) return outer;
  return { ...outer, tools: outer.tools.map((tool) => flat(tool, "function")) };
}
