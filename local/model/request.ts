import { z } from "zod";
import { type ApiError, invalidRequest } from "./api-error.ts";

const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().optional() }))]);

const MessageItem = z.looseObject({
  type: z.literal("message").optional(),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: Content,
});
const CallItem = z.looseObject({
  type: z.literal("function_call"),
  call_id: z.string().min(1),
  name: z.string(),
  arguments: z.string(),
});
const CallOutputItem = z.looseObject({
  type: z.literal("function_call_output"),
  call_id: z.string().min(1),
  output: Content,
});
const ReasoningItem = z.looseObject({ type: z.literal("reasoning") });

/** An item of a conversation, as a request brings it or a response leaves it. */
export const Item = z.union([CallOutputItem, CallItem, ReasoningItem, MessageItem]);
export type Item = z.infer<typeof Item>;

const FunctionTool = z.looseObject({
  type: z.literal("function"),
  name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});
export type FunctionTool = z.infer<typeof FunctionTool>;

const ToolChoice = z.union([
  z.enum(["auto", "none", "required"]),
  z.looseObject({ type: z.literal("function"), name: z.string() }),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

const Metadata = z
  .record(z.string().max(64), z.string().max(512))
  .refine((pairs) => Object.keys(pairs).length <= 16, "at most 16 pairs");

/** What we read of `POST /v1/responses`; fields that we do not know are ignored, as OpenAI does. */
const CreateResponse = z.looseObject({
  model: z.string({ error: "Missing required parameter: 'model'." }).min(1),
  input: z.union([z.string(), z.array(Item)]).nullish(),
  instructions: z.string().nullish(),
  background: z.boolean().nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  metadata: Metadata.nullish(),
  previous_response_id: z.string().nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  tool_choice: ToolChoice.nullish(),
  tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  max_output_tokens: z.number().int().min(16).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
});

export interface CreateRequest {
  model: string;
  input: Item[];
  instructions: string | null;
  background: boolean;
  store: boolean;
  metadata: Record<string, string>;
  previousResponseId: string | null;
  parallelToolCalls: boolean;
  toolChoice: ToolChoice;
  tools: FunctionTool[];
  maxOutputTokens: number | null;
  temperature: number;
  topP: number;
}

/** Fields whose wish would be passed over in silence: refused by their name instead. */
const notOffered = ["conversation", "prompt", "context_management"];

/**
 * The request that a body makes.
 * @throws ApiError 400 that names the parameter
 */
export function readCreateRequest(body: unknown): CreateRequest {
  const parsed = CreateResponse.safeParse(body);
  if (!parsed.success) throw asApiError(parsed.error);
  const given = parsed.data;
  for (const name of notOffered) {
    if (given[name] !== undefined && given[name] !== null)
      throw unsupported(name, `This server does not offer '${name}'.`);
  }
  if (given.stream) throw unsupported("stream", "This server does not offer streaming yet: use background and GET.");
  const format = z.object({ text: z.object({ format: z.object({ type: z.string() }) }) }).safeParse(body);
  if (format.success && format.data.text.format.type !== "text") {
    throw unsupported("text.format", `This server does not offer text.format '${format.data.text.format.type}'.`);
  }
  if (given.background && given.store === false)
    throw unsupported("background", "Background mode requires store=true.");
  return {
    model: given.model,
    input:
      typeof given.input === "string" ? [{ type: "message", role: "user", content: given.input }] : (given.input ?? []),
    instructions: given.instructions ?? null,
    background: given.background ?? false,
    store: given.store ?? true,
    metadata: given.metadata ?? {},
    previousResponseId: given.previous_response_id ?? null,
    parallelToolCalls: given.parallel_tool_calls ?? true,
    toolChoice: given.tool_choice ?? "auto",
    tools: (given.tools ?? []).map(readTool),
    maxOutputTokens: given.max_output_tokens ?? null,
    temperature: given.temperature ?? 1,
    topP: given.top_p ?? 1,
  };
}

function readTool(tool: { type: string }, index: number): FunctionTool {
  if (tool.type !== "function")
    throw unsupported(`tools[${index}].type`, `This server does not offer tools of type '${tool.type}'.`);
  const parsed = FunctionTool.safeParse(tool);
  if (!parsed.success) throw asApiError(parsed.error, `tools[${index}]`);
  return parsed.data;
}

function unsupported(param: string, message: string): ApiError {
  return invalidRequest(message, param, "unsupported_parameter");
}

function asApiError(error: z.ZodError, under = ""): ApiError {
  const [issue] = error.issues;
  const at = [under, ...(issue?.path ?? [])].filter((part) => part !== "");
  const param = at.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    "",
  );
  if (param === "model" && issue?.code === "invalid_type") {
    return invalidRequest("Missing required parameter: 'model'.", "model", "missing_required_parameter");
  }
  return invalidRequest(
    `Invalid value for '${param || "body"}': ${issue?.message ?? "it does not fit"}.`,
    param || null,
    "invalid_value",
  );
}

/** The words of an item's content or output. */
export function textOf(content: string | readonly { text?: string | undefined }[]): string {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("\n");
}
