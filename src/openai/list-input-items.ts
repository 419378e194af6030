import type { OpenAiRoute } from "./call.ts";
import { shownInput } from "./input-item-view.ts";
import { itemPage, itemQuery } from "./item-page.ts";
import { invalidValue } from "./openai-error.ts";
import { ownResponse } from "./own-runs.ts";

/** `GET /v1/responses/{id}/input_items`: what this response was asked, without the conversation before it. */
export const listInputItems: OpenAiRoute = async ({ url, parameters: { id = "" }, caller }, services) => {
  const { limit, order, after } = itemQuery(url);
  const { run, input } = await ownResponse(id, caller, services);
  const shown = shownInput(input.items, run.id).filter((_item, place) => !input.added?.includes(place));
  if (order === "desc") shown.reverse();
  const found = after === undefined ? -1 : shown.findIndex((item) => item.id === after);
  if (after !== undefined && found < 0) throw invalidValue("after", `there is no item '${after}'`);
  const data = shown.slice(found + 1, found + 1 + limit);
  return Response.json(itemPage(data, found + 1 + limit < shown.length));
};
