import { z } from "zod";
import type { Agent } from "../agent/define-agent.ts";
import type { TurnOptions } from "../model/model.ts";
import { Metadata } from "../run/metadata.ts";
import { type CallerTools, readTools } from "./caller-tools.ts";
import { modelNotFound } from "./models.ts";
import { invalidValue, missing, OpenAiError, unsupported } from "./openai-error.ts";
import { parseBody } from "./parse-body.ts";
import type { Echo } from "./response-object.ts";
import { readFormat } from "./text-format.ts";

/** What we read of `POST /v1/responses`; a field that OpenAI does not know is ignored. */
const Body = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.unknown())]).nullish(),
  instructions: z.string().nullish(),
  background: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  store: z.boolean().nullish(),
  metadata: Metadata.nullish(),
  previous_response_id: z.string().nullish(),
  conversation: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
  max_output_tokens: z.int().min(16).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  text: z.looseObject({ format: z.unknown().optional(), verbosity: z.string().nullish() }).nullish(),
  include: z.array(z.string()).nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  // Shown again and without an effect: the agent's author decides how its model thinks.
  max_tool_calls: z.int().min(0).nullish(),
  prompt_cache_key: z.string().nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish(), summary: z.string().nullish() }).nullish(),
  safety_identifier: z.string().max(128).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  user: z.string().nullish(),
});
type Body = z.infer<typeof Body>;

/** Known to OpenAI, with an effect that this service does not have. */
const refused = ["access_programs", "context_management", "image", "moderation", "prompt", "prompt_cache_options"];

export interface CreateRequest {
  agent: Agent;
  input: string | unknown[];
  previousResponseId: string | null;
  conversationId: string | null;
  instructions: string | null;
  callers: CallerTools;
  options: TurnOptions;
  metadata: Record<string, string>;
  background: boolean;
  stream: boolean;
  store: boolean;
  echo: Partial<Echo>;
}

/**
 * The request that a body makes.
 * @throws OpenAiError 400 that names the parameter, NightshiftError `agent_not_found`
 */
export function readCreateRequest(json: unknown, agents: ReadonlyMap<string, Agent>): CreateRequest {
  const body = parseBody(Body, json);
  refuse(body);
  const agent = agents.get(body.model);
  if (!agent) throw modelNotFound(body.model, agents);
  const background = body.background ?? false;
  const store = body.store ?? true;
  if (background && !store) throw unsupported("background", "'background' with 'store' set to false");
  const input = body.input ?? [];
  const previousResponseId = body.previous_response_id ?? null;
  const conversationId = conversationOf(body);
  if (conversationId !== null && previousResponseId !== null) {
    throw new OpenAiError(400, "'conversation' and 'previous_response_id' exclude one another: send one of them.", {
      code: "mutually_exclusive_parameters",
      param: "conversation",
    });
  }
  if (conversationId !== null && !store) throw unsupported("conversation", "'conversation' with 'store' set to false");
  if (input.length === 0 && previousResponseId === null && conversationId === null) throw missing("input");
  const callers = readTools(body.tools ?? [], body.tool_choice, agent);
  const format = readFormat(body.text?.format, "text.format");
  const instructions = body.instructions || null;
  return {
    agent,
    input,
    previousResponseId,
    conversationId,
    instructions,
    callers,
    options: {
      ...(callers.toolChoice && { toolChoice: callers.toolChoice }),
      ...(typeof body.parallel_tool_calls === "boolean" && { parallelToolCalls: body.parallel_tool_calls }),
      ...(format.type !== "text" && { format }),
      ...(typeof body.max_output_tokens === "number" && { maxOutputTokens: body.max_output_tokens }),
    },
    metadata: body.metadata ?? {},
    background,
    stream: body.stream ?? false,
    store,
    echo: { background, store, instructions, text: { ...body.text, format }, ...callers.shown, ...echoOf(body) },
  };
}

function conversationOf({ conversation }: Body): string | null {
  if (typeof conversation === "string") return conversation;
  return conversation?.id ?? null;
}

function refuse(body: Body): void {
  for (const name of refused) if (body[name] !== undefined && body[name] !== null) throw unsupported(name);
  if (body.truncation === "auto") throw unsupported("truncation", "'truncation' other than 'disabled'");
  if (body.top_logprobs || body.include?.includes("message.output_text.logprobs")) {
    throw unsupported(body.top_logprobs ? "top_logprobs" : "include", "log probabilities");
  }
  const strange = body.include?.findIndex((name) => !emptyIncludes.has(name)) ?? -1;
  if (strange >= 0) throw invalidValue(`include[${strange}]`, "it is not one of the supported values");
}

/** What they ask to include never occurs in our answers. */
const emptyIncludes = new Set([
  "code_interpreter_call.outputs",
  "computer_call_output.output.image_url",
  "file_search_call.results",
  "message.input_image.image_url",
  "reasoning.encrypted_content",
  "web_search_call.action.sources",
  "web_search_call.results",
]);

function echoOf(body: Body): Partial<Echo> {
  const { effort = null, summary = null } = body.reasoning ?? {};
  return {
    max_output_tokens: body.max_output_tokens ?? null,
    max_tool_calls: body.max_tool_calls ?? null,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    prompt_cache_key: body.prompt_cache_key ?? null,
    reasoning: { effort, summary },
    safety_identifier: body.safety_identifier ?? null,
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    ...(typeof body.user === "string" && { user: body.user }),
  };
}
