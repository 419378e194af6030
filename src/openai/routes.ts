import type { OpenAiRoute } from "./call.ts";
import { createChatCompletion } from "./chat.ts";
import { addItems, deleteItem, getItem, listItems } from "./conversation-items.ts";
import { createConversation, deleteConversation, getConversation, updateConversation } from "./conversations.ts";
import { listInputItems } from "./list-input-items.ts";
import { getModel, listModels } from "./models.ts";
import { cancelResponse, createResponse, deleteResponse, retrieveResponse } from "./responses.ts";

/** What stands under `/v1` (api.md, section 6). */
export const openAiRoutes: Readonly<Record<string, Partial<Record<"GET" | "POST" | "DELETE", OpenAiRoute>>>> = {
  "/v1/models": { GET: listModels },
  "/v1/models/:model": { GET: getModel },
  "/v1/chat/completions": { POST: createChatCompletion },
  "/v1/conversations": { POST: createConversation },
  "/v1/conversations/:id": { GET: getConversation, POST: updateConversation, DELETE: deleteConversation },
  "/v1/conversations/:id/items": { GET: listItems, POST: addItems },
  "/v1/conversations/:id/items/:item": { GET: getItem, DELETE: deleteItem },
  "/v1/responses": { POST: createResponse },
  "/v1/responses/:id": { GET: retrieveResponse, DELETE: deleteResponse },
  "/v1/responses/:id/cancel": { POST: cancelResponse },
  "/v1/responses/:id/input_items": { GET: listInputItems },
};
