import { z } from "zod";
import { invalidValue } from "../api-error.ts";
import { itemId } from "../ids.ts";
import { type Item, outputText, type Part } from "../items/item.ts";
import { schemaError } from "../schema-error.ts";

const PartIn = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
  z.looseObject({ type: z.literal("image_url"), image_url: z.looseObject({ url: z.string() }) }),
  z.looseObject({ type: z.literal("file"), file: z.looseObject({}) }),
]);
const Content = z.union([z.string(), z.array(PartIn)]);
const Call = z.looseObject({
  id: z.string().min(1),
  type: z.literal("function"),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
});

const Message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer", "user"]), content: Content }),
  z.looseObject({ role: z.literal("assistant"), content: Content.nullish(), tool_calls: z.array(Call).nullish() }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: z.string().min(1), content: Content }),
]);

/**
 * A chat's messages as the items of a conversation.
 * @throws ApiError 400 that names the place, e.g. `messages[1].content`, also for a call without an answer
 */
export function readMessages(raw: readonly unknown[], ownerId: string): Item[] {
  const items: Item[] = [];
  for (const [index, message] of raw.entries()) {
    const parsed = Message.safeParse(message);
    if (!parsed.success) throw schemaError(parsed.error, `messages[${index}]`);
    items.push(...asItems(parsed.data, (prefix, extra = 0) => itemId(prefix, ownerId, 0x8000 + index * 16 + extra)));
  }
  checkCalls(items);
  return items;
}

function asItems(message: z.infer<typeof Message>, id: (prefix: string, extra?: number) => string): Item[] {
  if (message.role === "tool") {
    const output = asParts(message.content, "user");
    return [
      { type: "function_call_output", id: id("fco"), call_id: message.tool_call_id, output, status: "completed" },
    ];
  }
  const { role, content } = message;
  const parts = content === null || content === undefined ? [] : asParts(content, role);
  const said: Item[] =
    parts.length > 0 ? [{ type: "message", id: id("msg"), role, status: "completed", content: parts }] : [];
  const calls = message.role === "assistant" ? (message.tool_calls ?? []) : [];
  return [
    ...said,
    ...calls.map((call, index): Item => {
      const { name, arguments: text } = call.function;
      return {
        type: "function_call",
        id: id("fc", index + 1),
        call_id: call.id,
        name,
        arguments: text,
        status: "completed",
      };
    }),
  ];
}

function asParts(content: z.infer<typeof Content>, role: string): Part[] {
  const text = (words: string): Part =>
    role === "assistant" ? outputText(words) : { type: "input_text", text: words };
  if (typeof content === "string") return [text(content)];
  return content.map((part) => {
    if (part.type === "text") return text(part.text);
    if (part.type === "refusal") return part;
    return { type: part.type === "file" ? "input_file" : "input_image" };
  });
}

function checkCalls(items: readonly Item[]): void {
  const asked = items.flatMap((item) => (item.type === "function_call" ? [item.call_id] : []));
  const answered = items.flatMap((item) => (item.type === "function_call_output" ? [item.call_id] : []));
  const stray = answered.find((id) => !asked.includes(id));
  if (stray) throw invalidValue("messages", `the 'tool' message for '${stray}' answers no preceding 'tool_calls'`);
  const open = asked.find((id) => !answered.includes(id));
  if (open)
    throw invalidValue(
      "messages",
      `an assistant message with 'tool_calls' must be followed by tool messages: '${open}' has none`,
    );
}
