import type { Agent } from "../agent/define-agent.ts";
import { NightshiftError } from "../errors.ts";
import type { Call, HttpServices, Route } from "./http-services.ts";

export const listAgents: Route = async (_call, services) => {
  const data = [...services.agents.values()].map((agent) => viewOf(agent, services));
  return Response.json({ data, next: null });
};

export const getAgent: Route = async (call, services) => Response.json(viewOf(agentOf(call, services), services));

/** @throws NightshiftError `agent_not_found` */
export function agentOf({ parameters }: Call, { agents }: HttpServices): Agent {
  const agent = agents.get(parameters.agent ?? "");
  if (agent) return agent;
  const names = [...agents.keys()].join(", ") || "none";
  throw new NightshiftError("agent_not_found", `There is no agent ${parameters.agent}. The agents here: ${names}.`);
}

function viewOf({ name, description, model, tools, limits }: Agent, { modelName }: HttpServices) {
  return {
    object: "agent",
    name,
    description,
    model: model ?? modelName,
    tools: tools.map(({ name, description, parameters, repeat, approval }) => {
      return { name, description, parameters, repeat, approval };
    }),
    limits,
    links: { self: `/agents/${name}`, runs: `/agents/${name}/runs` },
  };
}
