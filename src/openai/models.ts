import { NightshiftError } from "../errors.ts";
import type { OpenAiRoute } from "./call.ts";

/** One model per agent. */
export const listModels: OpenAiRoute = async (_call, { agents }) =>
  Response.json({ object: "list", data: [...agents.keys()].map(modelOf) });

export const getModel: OpenAiRoute = async ({ parameters: { model = "" } }, { agents }) => {
  if (agents.has(model)) return Response.json(modelOf(model));
  throw modelNotFound(model, agents);
};

export function modelNotFound(model: string, agents: ReadonlyMap<string, unknown>): NightshiftError {
  const message = `The model '${model}' does not exist. The models here: ${[...agents.keys()].join(", ") || "none"}.`;
  return new NightshiftError("agent_not_found", message, { faults: [{ path: "model", message }] });
}

/** An agent has no date of its own. */
const created = 0;

function modelOf(id: string) {
  return { id, object: "model", created, owned_by: "nightshift" };
}
