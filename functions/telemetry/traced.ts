import { aroundOf, tracedLog } from "../../src/telemetry/around.ts";
import type { Telemetry } from "../../src/telemetry/telemetry.ts";
import { tracedAgent } from "../../src/telemetry/traced-agent.ts";
import { tracedModel } from "../../src/telemetry/traced-model.ts";
import { tracedStore } from "../../src/telemetry/traced-store.ts";
import type { AppServices } from "../register.ts";

/** The same services, what they do told as spans and metrics. */
export function traced(services: AppServices, telemetry: Telemetry): AppServices {
  const agents = [...services.agents].map(([name, agent]) => [name, tracedAgent(agent, telemetry)] as const);
  return {
    ...services,
    store: tracedStore(services.store, telemetry),
    model: tracedModel(services.model, telemetry),
    agents: new Map(agents),
    log: tracedLog(services.log),
    around: aroundOf(telemetry),
  };
}
