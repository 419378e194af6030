import { z } from "zod";
import type { InputItem } from "../model/model.ts";
import type { RunId } from "../run/ids.ts";
import type { OpenAiRoute } from "./call.ts";
import { inputItemIdOf } from "./ids.ts";
import { invalidValue } from "./openai-error.ts";
import { ownResponse } from "./own-runs.ts";
import { parseBody } from "./parse-body.ts";

const Query = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, "expected a whole number from 1 to 100")
    .transform(Number)
    .pipe(z.number().min(1).max(100))
    .default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().optional(),
});

/** `GET /v1/responses/{id}/input_items`: what this response was asked, without the conversation before it. */
export const listInputItems: OpenAiRoute = async ({ url, parameters: { id = "" }, caller }, services) => {
  const { limit, order, after } = parseBody(Query, Object.fromEntries(url.searchParams));
  const { run, input } = await ownResponse(id, caller, services);
  const shown = input.items.map((item, index) => shownItem(item, run.id, index));
  if (order === "desc") shown.reverse();
  const found = after === undefined ? -1 : shown.findIndex((item) => item.id === after);
  if (after !== undefined && found < 0) throw invalidValue("after", `there is no item '${after}'`);
  const data = shown.slice(found + 1, found + 1 + limit);
  return Response.json({
    object: "list",
    data,
    first_id: data[0]?.id ?? "",
    last_id: data.at(-1)?.id ?? "",
    has_more: found + 1 + limit < shown.length,
  });
};

function shownItem(item: InputItem, runId: RunId, index: number) {
  if ("role" in item) {
    const { role, content: text } = item;
    const part = role === "assistant" ? { type: "output_text", text, annotations: [], logprobs: [] } : textPart(text);
    return { type: "message", id: inputItemIdOf("msg", runId, index), role, status: "completed", content: [part] };
  }
  const { type, callId: call_id } = item;
  const status = "completed";
  if (type === "function_call_output") {
    return { type, id: inputItemIdOf("fco", runId, index), call_id, output: item.output, status };
  }
  const { name, arguments: text } = item;
  return { type, id: inputItemIdOf("fc", runId, index), call_id, name, arguments: text, status };
}

function textPart(text: string) {
  return { type: "input_text", text };
}
