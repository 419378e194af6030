import { providerOf } from "../agent/continuation-token.ts";
import type { Model, ModelApi } from "./model.ts";

/**
 * A deployment's model: a turn goes by the API that its agent names, else by `own`; a token to the API that made it,
 * whatever the agents name by now.
 */
export function modelByApi(models: Readonly<Record<ModelApi, Model>>, own: ModelApi): Model {
  const byToken = (token: string) => {
    const provider = providerOf(token);
    return models[provider === "responses" || provider === "chat-completions" ? provider : own];
  };
  return {
    terms: (api) => models[api ?? own].terms(api),
    start: (turn, signal) => models[turn.api ?? own].start(turn, signal),
    look: async (token, signal) => byToken(token).look(token, signal),
    cancel: async (token) => byToken(token).cancel(token),
    delete: async (token) => byToken(token).delete(token),
  };
}
