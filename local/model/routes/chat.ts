import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import { chatChunks, chatObject } from "../chat/chat-object.ts";
import { type ChatRequest, readChatRequest } from "../chat/chat-request.ts";
import { type Completion, completeChat } from "../chat/complete-chat.ts";
import { napTowards } from "../clock.ts";
import { cutTexts, type StreamText } from "../faults/cut-texts.ts";
import { newResponseId } from "../ids.ts";
import type { Settings } from "../settings.ts";
import { dataEvent, eventStream } from "../sse.ts";
import { loadTokenizer } from "../tokenizer.ts";
import type { Env } from "./env.ts";
import type { Stores } from "./stores.ts";

/** Chat Completions, in one piece or streamed; nothing is stored. */
export function chatRoutes(stores: Stores): Hono<Env> {
  const { settings } = stores;
  return new Hono<Env>().post("/chat/completions", async (context) => {
    const tokenizer = await loadTokenizer();
    const id = newResponseId();
    const request = readChatRequest(context.get("body"), id);
    stores.models.check(request.model);
    const fault = context.get("fault");
    const completion = completeChat(request, id, fault, { ...stores, tokenizer });
    stores.limits.take(completion.usage.total_tokens);
    context.set("responseId", completion.id);
    if (request.stream) {
      const texts = chunkTexts(completion, request, settings, context.req.raw.signal);
      const cut = () => void context.env.outgoing.destroy();
      return eventStream(stores.work.stream(cutTexts(texts, fault, errorText, cut)));
    }
    await untilPart(1, completion, settings.now(), settings, context.req.raw.signal);
    return context.req.raw.signal.aborted ? RESPONSE_ALREADY_SENT : context.json(chatObject(completion));
  });
}

async function* chunkTexts(
  completion: Completion,
  request: ChatRequest,
  settings: Settings,
  gone: AbortSignal,
): AsyncGenerator<StreamText> {
  const began = settings.now();
  let number = 0;
  for (const { part, chunk } of chatChunks(completion, request.includeUsage)) {
    await untilPart(part, completion, began, settings, gone);
    if (gone.aborted) return;
    yield { text: dataEvent(chunk), number };
    number += 1;
  }
  yield { text: dataEvent("[DONE]"), number: null };
}

/** Until that part of the work is done; the first words take a time of their own. */
async function untilPart(part: number, { workMs }: Completion, began: number, settings: Settings, gone: AbortSignal) {
  const first = Math.min(settings.firstTokenSeconds * 1000, workMs);
  const due = began + (part === 0 ? 0 : first + (workMs - first) * part);
  while (settings.now() < due && !gone.aborted) await napTowards(due, settings.now);
}

function errorText(code: string): string {
  return dataEvent({ error: { message: "This error was ordered.", type: "server_error", param: null, code } });
}
