import { z } from "zod";
import type { Agent } from "../agent/define-agent.ts";
import type { InputItem, TurnOptions } from "../model/model.ts";
import { Metadata } from "../run/metadata.ts";
import { type CallerTools, readTools } from "./caller-tools.ts";
import { readMessages } from "./chat-messages.ts";
import { modelNotFound } from "./models.ts";
import { invalidValue, unsupported } from "./openai-error.ts";
import { parseBody } from "./parse-body.ts";
import type { Echo } from "./response-object.ts";
import { readFormat } from "./text-format.ts";

/** What we read of `POST /v1/chat/completions`; the README tells what is honoured, has no effect, or is refused. */
const Body = z.looseObject({
  model: z.string(),
  messages: z.array(z.unknown()).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  metadata: Metadata.nullish(),
  n: z.int().min(1).max(128).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  modalities: z.array(z.string()).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  store: z.boolean().nullish(),
  // Without an effect: the agent's author decides how its model thinks.
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  prompt_cache_key: z.string().nullish(),
  reasoning_effort: z.string().nullish(),
  safety_identifier: z.string().max(128).nullish(),
  seed: z.number().nullish(),
  service_tier: z.string().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  user: z.string().nullish(),
  verbosity: z.string().nullish(),
});
type Body = z.infer<typeof Body>;

/** Known to OpenAI, with an effect that this service does not have. */
const refused = [
  "audio",
  "function_call",
  "functions",
  "moderation",
  "prediction",
  "prompt_cache_options",
  "web_search_options",
];

export interface ChatRequest {
  agent: Agent;
  items: InputItem[];
  callers: CallerTools;
  options: TurnOptions;
  metadata: Record<string, string>;
  stream: boolean;
  includeUsage: boolean;
  echo: Partial<Echo>;
}

/**
 * The request that a body makes.
 * @throws OpenAiError 400 that names the parameter, NightshiftError `agent_not_found`
 */
export function readChatRequest(json: unknown, agents: ReadonlyMap<string, Agent>): ChatRequest {
  const body = parseBody(Body, json);
  refuse(body);
  const agent = agents.get(body.model);
  if (!agent) throw modelNotFound(body.model, agents);
  const callers = readTools((body.tools ?? []).map(asFlatTool), asFlatChoice(body.tool_choice), agent);
  const format = readFormat(flat(body.response_format, "json_schema"), "response_format");
  const most = body.max_completion_tokens ?? body.max_tokens ?? null;
  const stream = body.stream ?? false;
  return {
    agent,
    items: readMessages(body.messages),
    callers,
    options: {
      ...(callers.toolChoice && { toolChoice: callers.toolChoice }),
      ...(typeof body.parallel_tool_calls === "boolean" && { parallelToolCalls: body.parallel_tool_calls }),
      ...(format.type !== "text" && { format }),
      ...(most !== null && { maxOutputTokens: most }),
    },
    metadata: body.metadata ?? {},
    stream,
    includeUsage: body.stream_options?.include_usage ?? false,
    echo: { background: false, max_output_tokens: most, text: { format }, ...callers.shown },
  };
}

function refuse(body: Body): void {
  for (const name of refused) if (body[name] !== undefined && body[name] !== null) throw unsupported(name);
  if ((body.n ?? 1) > 1) throw unsupported("n", "'n' above 1");
  if (body.logprobs) throw unsupported("logprobs");
  if (body.top_logprobs) throw unsupported("top_logprobs");
  if (Object.keys(body.logit_bias ?? {}).length > 0) throw unsupported("logit_bias");
  if (body.stop && body.stop.length > 0) throw unsupported("stop");
  if (body.store) throw unsupported("store", "stored chat completions: use /v1/responses");
  if (body.modalities?.some((modality) => modality !== "text")) throw unsupported("modalities", "other than text");
  if (body.stream_options && !body.stream) throw invalidValue("stream_options", "it is only allowed with 'stream'");
}

/** Chat Completions puts a function's members one level deeper than Responses. */
function flat(value: unknown, member: string): unknown {
  const outer = z.looseObject({ type: z.string() }).safeParse(value).data;
  const inner = outer?.[member];
  return outer && typeof inner === "object" && inner !== null ? { ...inner, type: outer.type } : value;
}

function asFlatTool(tool: unknown): unknown {
  return flat(tool, "function");
}

function asFlatChoice(choice: unknown): unknown {
  return flat(choice, "function");
}
