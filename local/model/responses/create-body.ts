import { z } from "zod";
import { invalidRequest, missing, notOffered } from "../api-error.ts";
import { Metadata } from "../metadata.ts";
import { schemaError } from "../schema-error.ts";

const Count = z.int().min(0);

/** What we read of `POST /v1/responses`; fields that OpenAI does not know are ignored. */
const CreateBody = z.looseObject({
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
export type CreateBody = z.infer<typeof CreateBody>;

/** @throws ApiError 400 that names the parameter: it does not fit, is not offered, or cannot stand beside another */
export function readCreateBody(body: unknown): CreateBody {
  const parsed = CreateBody.safeParse(body);
  if (!parsed.success) throw schemaError(parsed.error);
  refuse(parsed.data);
  return parsed.data;
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

function refuse(given: CreateBody): void {
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
