import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import type { ModelApi } from "../model/model.ts";
import { Limits } from "../run/run-event.ts";
import type { Tool } from "./define-tool.ts";

/** An agent: what it is told, what it may do, how far it may go. */
export interface Agent {
  readonly name: string;
  readonly description: string;
  readonly instructions: string;
  /** Model or deployment name; null: the deployment's own (`NIGHTSHIFT_MODEL`). */
  readonly model: string | null;
  /** How its model is spoken to; null: the deployment's own (`NIGHTSHIFT_MODEL_API`). */
  readonly api: ModelApi | null;
  readonly tools: readonly Tool[];
  readonly limits: Limits;
}

const defaultLimits: Limits = { maxTurns: 50, deadlineSeconds: 24 * 3600 };

/**
 * Defines an agent. The deadline is 24 hours unless `limits` says otherwise, at most 29 days.
 * @throws NightshiftError `bad_agent`
 */
export function defineAgent(definition: {
  /** 1–64 of `a–z 0–9 -`, beginning with a letter: it stands in URLs. */
  name: string;
  description: string;
  instructions: string;
  tools?: readonly Tool[];
  model?: string;
  /** For a model that has no Responses API: `chat-completions`. */
  api?: ModelApi;
  limits?: Partial<Limits>;
}): Agent {
  const { name, description, instructions, tools = [], model = null, api = null, limits = {} } = definition;
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) {
    throw new NightshiftError(
      "bad_agent",
      `Agent name ${JSON.stringify(name)}: use 1–64 of a–z 0–9 -, a letter first.`,
    );
  }
  const bounds = Limits.safeParse({ ...defaultLimits, ...limits });
  if (!bounds.success) {
    throw new NightshiftError("bad_agent", `The limits of agent ${name}: ${z.prettifyError(bounds.error)}`);
  }
  const taken = new Set<string>();
  for (const tool of tools) {
    if (taken.has(tool.name)) throw new NightshiftError("bad_agent", `Agent ${name} has two tools named ${tool.name}.`);
    taken.add(tool.name);
  }
  return { name, description, instructions, model, api, tools, limits: bounds.data };
}
