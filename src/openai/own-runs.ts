import type { RunId } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { type RunInput, runInputOf } from "../steps/run-input.ts";
import type { OpenAiServices } from "./call.ts";
import { runIdOf, runIdOfItem } from "./ids.ts";
import { OpenAiError, responseNotFound } from "./openai-error.ts";
import type { OutputItem } from "./output-items.ts";
import { Echo } from "./response-object.ts";
import { shownItems } from "./story.ts";

/**
 * The caller's run that a response id names, and what it was started with.
 * @throws OpenAiError 404, for another caller's run and for one that was not to be stored too
 */
export async function ownResponse(
  responseId: string,
  caller: string,
  services: OpenAiServices,
): Promise<{ run: Run; input: RunInput }> {
  const run = await ownRun(runIdOf(responseId), caller, services);
  const input = run && (await runInputOf(run, services.store));
  if (!input || !Echo.parse(input.request).store) throw responseNotFound(responseId);
  return { run, input };
}

/**
 * The item of an ended run of the caller's that a reference names.
 * @throws OpenAiError 404
 */
export async function ownItem(itemId: string, caller: string, services: OpenAiServices): Promise<OutputItem> {
  const { store } = services;
  const run = await ownRun(runIdOfItem(itemId), caller, services);
  const items = run && hasEnded(run) ? await shownItems(run, await runInputOf(run, store), store) : [];
  const item = items.find(({ id }) => id === itemId);
  if (item) return item;
  throw new OpenAiError(404, `Item with id '${itemId}' not found.`, { param: "input" });
}

/** The caller's run, or null. */
export async function ownRun(id: RunId | null, caller: string, { store }: OpenAiServices): Promise<Run | null> {
  const run = id && (await store.get(id));
  return run && run.caller === caller ? run : null;
}
