import { z } from "zod";
import type { InputItem } from "../model/model.ts";
import { invalidValue, unsupported } from "./openai-error.ts";
import { parseBody } from "./parse-body.ts";

const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);
const CallId = z.string().min(1).max(256);

const Message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer", "user"]), content: Content }),
  z.looseObject({
    role: z.literal("assistant"),
    content: Content.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z
      .array(
        z.looseObject({
          id: CallId,
          type: z.literal("function"),
          function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
        }),
      )
      .nullish(),
  }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: CallId, content: Content }),
]);

const mostMessages = 1000;

/**
 * The messages of a chat as the items of a conversation.
 * @throws OpenAiError 400 that names the place, e.g. `messages[1].content`
 */
export function readMessages(messages: readonly unknown[]): InputItem[] {
  if (messages.length > mostMessages) throw invalidValue("messages", `at most ${mostMessages} messages`);
  return messages.flatMap((raw, index) => readMessage(raw, `messages[${index}]`));
}

function readMessage(raw: unknown, param: string): InputItem[] {
  const message = parseBody(Message, raw, param);
  switch (message.role) {
    case "tool": {
      const output = readText(message.content, `${param}.content`);
      return [{ type: "function_call_output", callId: message.tool_call_id, output }];
    }
    case "assistant": {
      const text = readText(message.content ?? message.refusal ?? "", `${param}.content`);
      const calls = (message.tool_calls ?? []).map(({ id: callId, function: { name, arguments: args } }): InputItem => {
        return { type: "function_call", callId, name, arguments: args };
      });
      return text === "" ? calls : [{ role: "assistant", content: text }, ...calls];
    }
    case "system":
    case "developer":
    case "user":
      return [{ role: message.role, content: readText(message.content, `${param}.content`) }];
  }
}

const Part = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text: z.string() }),
  z.looseObject({ type: z.literal("refusal"), refusal: z.string() }),
]);

function readText(content: z.infer<typeof Content>, param: string): string {
  if (typeof content === "string") return content;
  return content
    .map((raw, index) => {
      const place = `${param}[${index}]`;
      if (raw.type !== "text" && raw.type !== "refusal") {
        throw unsupported(`${place}.type`, `content of type '${raw.type}'`);
      }
      const part = parseBody(Part, raw, place);
      return part.type === "text" ? part.text : part.refusal;
    })
    .join("\n");
}
