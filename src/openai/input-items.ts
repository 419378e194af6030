import { z } from "zod";
import type { InputItem } from "../model/model.ts";
import { invalidValue, unsupported } from "./openai-error.ts";
import type { OutputItem } from "./output-items.ts";
import { textOf } from "./output-items.ts";
import { parseBody } from "./parse-body.ts";

const TextPart = z.looseObject({ type: z.enum(["input_text", "output_text", "text"]), text: z.string() });
const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);
const Message = z.looseObject({ role: z.enum(["user", "assistant", "system", "developer"]), content: Content });
const CallId = z.string().min(1).max(256);
const FunctionCall = z.looseObject({ call_id: CallId, name: z.string().min(1), arguments: z.string() });
const FunctionCallOutput = z.looseObject({ call_id: CallId, output: Content });
const Reference = z.looseObject({ id: z.string() });

const mostItems = 1000;

/**
 * The items that a request brings, as the model is told of them. `find` follows a reference to an item of ours.
 * @throws OpenAiError 400 that names the place, e.g. `input[2].role`
 */
export async function readItems(
  input: string | readonly unknown[],
  find: (itemId: string) => Promise<OutputItem>,
): Promise<InputItem[]> {
  if (typeof input === "string") return input === "" ? [] : [{ role: "user", content: input }];
  return readItemsOf(input, "input", mostItems, find);
}

/** The items of a list that stands at `param`. */
export async function readItemsOf(
  input: readonly unknown[],
  param: string,
  most: number,
  find: (itemId: string) => Promise<OutputItem>,
): Promise<InputItem[]> {
  if (input.length > most) throw invalidValue(param, `at most ${most} items`);
  const items: InputItem[] = [];
  for (const [index, raw] of input.entries()) items.push(...(await readItem(raw, `${param}[${index}]`, find)));
  return items;
}

async function readItem(
  raw: unknown,
  param: string,
  find: (itemId: string) => Promise<OutputItem>,
): Promise<InputItem[]> {
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
    case "item_reference":
      return [asInput(await find(parseBody(Reference, raw, param).id))];
    case "reasoning":
      return []; // the model's own thoughts stay in its thread; we never show any, so these are another service's
    default:
      throw unsupported(`${param}.type`, `input of type '${type}'`);
  }
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

/** An item that we said, as the model is told of it. */
export function asInput(item: OutputItem): InputItem {
  if (item.type === "message") return { role: "assistant", content: textOf([item]) };
  return { type: item.type, callId: item.call_id, name: item.name, arguments: item.arguments };
}
