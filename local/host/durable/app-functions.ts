import type { RegisteredFunction } from "../worker/core.ts";

/** The app's durable functions, found by name without regard to case, as Azure does. */
export interface DurableFunctions {
  orchestrator(name: string): RegisteredFunction | undefined;
  activity(name: string): RegisteredFunction | undefined;
  orchestratorNames: string[];
}

export function durableFunctions(all: Iterable<RegisteredFunction>): DurableFunctions {
  const orchestrators = new Map<string, RegisteredFunction>();
  const activities = new Map<string, RegisteredFunction>();
  for (const found of all) {
    const types = Object.values(found.metadata.bindings).map((binding) => binding.type.toLowerCase());
    if (types.includes("orchestrationtrigger")) orchestrators.set(found.metadata.name.toLowerCase(), found);
    if (types.includes("activitytrigger")) activities.set(found.metadata.name.toLowerCase(), found);
  }
  return {
    orchestrator: (name) => orchestrators.get(name.toLowerCase()),
    activity: (name) => activities.get(name.toLowerCase()),
    orchestratorNames: [...orchestrators.values()].map((found) => found.metadata.name),
  };
}
