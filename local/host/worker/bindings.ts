import type { RegisteredFunction } from "./core.ts";
import type { Binding } from "./core-types.ts";

const offered: ReadonlySet<string> = new Set([
  "httptrigger",
  "http",
  "timertrigger",
  "orchestrationtrigger",
  "activitytrigger",
  "entitytrigger", // refused at its first use, so that an app that also has entities can be run
  "durableclient",
  "orchestrationclient",
]);

/**
 * Checks what a function asks of the host.
 * @throws Error that names the function and the binding which this host does not offer.
 */
export function checkBindings({ metadata }: RegisteredFunction): void {
  const bindings = Object.values(metadata.bindings);
  for (const { type } of bindings) {
    if (offered.has(type.toLowerCase())) continue;
    throw new Error(
      `The function ${metadata.name} has the binding ${type}, which the local host does not offer. ` +
        "It offers HTTP, timer, orchestration and activity triggers and the durable client.",
    );
  }
  const triggers = bindings.filter(isTrigger).length;
  if (triggers !== 1) throw new Error(`The function ${metadata.name} has ${triggers} triggers; it must have one.`);
}

function isTrigger({ type }: Binding): boolean {
  return /trigger$/i.test(type);
}

export function isDurableClient({ type }: Binding): boolean {
  return /^(durable|orchestration)Client$/i.test(type);
}

export function findBinding(target: RegisteredFunction, type: string): { name: string; binding: Binding } | undefined {
  for (const [name, binding] of Object.entries(target.metadata.bindings)) {
    if (binding.type.toLowerCase() === type.toLowerCase()) return { name, binding };
  }
  return undefined;
}

/** The name under which the function expects its trigger. */
export function bindingName(target: RegisteredFunction, type: string): string {
  const found = findBinding(target, type);
  if (found === undefined) throw new Error(`The function ${target.metadata.name} has no ${type}.`);
  return found.name;
}
