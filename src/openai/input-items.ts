import { z } from "zod";
import type { SaidItem } from "../steps/run-input.ts";
import type { AskedCall, AskedCalls } from "./approvals.ts";
import { runIdOfItem } from "./ids.ts";
import { invalidValue, OpenAiError, unsupported } from "./openai-error.ts";
import type { OutputItem } from "./output-items.ts";
import { textOf } from "./output-items.ts";
import { parseBody } from "./parse-body.ts";

const TextPart = z.looseObject({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() });
const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);
const Message = z.looseObject({ role: z.enum(["user", "assistant", "system", "developer"]), content: Content });
const CallId = z.string().min(1).max(256);
const FunctionCall = z.looseObject({ call_id: CallId, name: z.string().min(1), arguments: z.string() });
const FunctionCallOutput = z.looseObject({ call_id: CallId, output: Content });
const ApprovalRequest = z.looseObject({ id: z.string() });
const ApprovalAnswer = z.looseObject({
  approval_request_id: z.string(),
  approve: z.boolean(),
  reason: z.string().max(2000).nullish(),
});
const ToolCall = z.looseObject({
  id: CallId,
  name: z.string().min(1),
  arguments: z.string(),
  output: z.string().nullish(),
  error: z.unknown().optional(),
  approval_request_id: z.string().nullish(),
});
const Reference = z.looseObject({ id: z.string() });

const mostItems = 1000;

export interface Finding {
  /** Follows a reference to an item of ours. */
  item(itemId: string): Promise<OutputItem>;
  asked: AskedCalls;
}

/**
 * The items that a request brings, as the model is told of them.
 * @throws OpenAiError 400 that names the place, e.g. `input[2].role`
 */
export async function readItems(input: string | readonly unknown[], finding: Finding): Promise<SaidItem[]> {
  if (typeof input === "string") return input === "" ? [] : [{ role: "user", content: input }];
  return readItemsOf(input, "input", mostItems, finding);
}

/** The items of a list that stands at `param`. */
export async function readItemsOf(
  input: readonly unknown[],
  param: string,
  most: number,
  finding: Finding,
): Promise<SaidItem[]> {
  if (input.length > most) throw invalidValue(param, `at most ${most} items`);
  const items: SaidItem[] = [];
  for (const [index, raw] of input.entries()) items.push(...(await readItem(raw, `${param}[${index}]`, finding)));
  return items;
}

async function readItem(raw: unknown, param: string, finding: Finding): Promise<SaidItem[]> {
  const type = typeOf(raw, param);
  switch (type) {
    case "message": {
      const { role, content } = parseBody(Message, raw, param);
      return [{ role, content: readText(content, `${param}.content`) }];
    }
    case "function_call": {
      const { call_id: callId, name, arguments: text } = parseBody(FunctionCall, raw, param);
      return [{ type, callId, name, arguments: text }];
    }
    case "function_call_output": {
      const { call_id: callId, output } = parseBody(FunctionCallOutput, raw, param);
      return [{ type, callId, output: readText(output, `${param}.output`) }];
    }
    case "mcp_approval_request":
      return [callOf(await findAsked(parseBody(ApprovalRequest, raw, param).id, `${param}.id`, finding))];
    case "mcp_approval_response": {
      const { approval_request_id: id, approve, reason = null } = parseBody(ApprovalAnswer, raw, param);
      const { requestId, callId, name, ...asked } = await findAsked(id, `${param}.approval_request_id`, finding);
      const { arguments: text, output } = asked;
      return [{ type: "approval_response", requestId, callId, name, arguments: text, approve, reason, output }];
    }
    case "mcp_call":
      return asCall(await withOutput(parseBody(ToolCall, raw, param), finding));
    case "item_reference":
      return asInput(await finding.item(parseBody(Reference, raw, param).id), param, finding);
    case "reasoning":
      return []; // the model's own thoughts stay in its thread; we never show any, so these are another service's
    default:
      throw unsupported(`${param}.type`, `input of type '${type}'`);
  }
}

async function findAsked(requestId: string, param: string, { asked }: Finding): Promise<AskedCall> {
  const found = await asked.find(requestId);
  if (found) return found;
  throw invalidValue(param, `there is no approval request '${requestId}'`);
}

function callOf({ callId, name, arguments: text }: AskedCall): SaidItem {
  return { type: "function_call", callId, name, arguments: text };
}

interface Called {
  id: string;
  name: string;
  arguments: string;
  output?: string | null | undefined;
  error?: unknown;
  approval_request_id?: string | null | undefined;
}

/** Some clients send an item of ours back without its output. */
async function withOutput(item: Called, finding: Finding): Promise<Called> {
  if (item.output || item.error || runIdOfItem(item.id) === null) return item;
  const own = await finding.item(item.id).catch((error: unknown) => {
    if (error instanceof OpenAiError) return null; // deleted meanwhile, or another service's
    throw error;
  });
  return own?.type === "mcp_call" ? own : item;
}

/** One that was approved stands in the conversation already, as its request and the answer to that. */
function asCall(item: Called): SaidItem[] {
  const { id: callId, name, arguments: text, output, error, approval_request_id: request } = item;
  if (request) return [];
  const told = output ?? (error === undefined || error === null ? "" : JSON.stringify(error));
  return [
    { type: "function_call", callId, name, arguments: text },
    { type: "function_call_output", callId, output: told },
  ];
}

/** A message may come without a type; `{ id }` alone is a reference. */
function typeOf(raw: unknown, param: string): string {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw invalidValue(param, "expected an object");
  const { type } = parseBody(z.looseObject({ type: z.string().nullish() }), raw, param);
  if (type !== undefined && type !== null) return type;
  return "role" in raw || !("id" in raw) ? "message" : "item_reference";
}

function readText(content: z.infer<typeof Content>, param: string): string {
  if (typeof content === "string") return content;
  return content
    .map((part, index) => {
      if (part.type === "refusal") return parseBody(z.looseObject({ refusal: z.string() }), part, param).refusal;
      if (!TextPart.shape.type.safeParse(part.type).success) {
        throw unsupported(`${param}[${index}].type`, `content of type '${part.type}'`);
      }
      return parseBody(TextPart, part, `${param}[${index}]`).text;
    })
    .join("\n");
}

async function asInput(item: OutputItem, param: string, finding: Finding): Promise<SaidItem[]> {
  switch (item.type) {
    case "message":
      return [{ role: "assistant", content: textOf([item]) }];
    case "function_call":
      return [{ type: item.type, callId: item.call_id, name: item.name, arguments: item.arguments }];
    case "mcp_approval_request":
      return [callOf(await findAsked(item.id, `${param}.id`, finding))];
    case "mcp_call":
      return asCall(item);
  }
}
