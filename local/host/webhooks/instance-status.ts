import { statusName } from "../durable/orchestration-status.ts";
import type { Instance } from "../state/instances.ts";

/** The body of a status answer, without history. */
export function instanceStatus(instance: Instance, showInput: boolean): Record<string, unknown> {
  return {
    name: instance.name,
    instanceId: instance.id,
    runtimeStatus: statusName(instance.status),
    input: showInput ? parsedOrText(instance.input) : null,
    customStatus: parsedOrText(instance.customStatus),
    output: parsedOrText(instance.output),
    createdTime: wholeSeconds(instance.createdAt),
    lastUpdatedTime: wholeSeconds(instance.updatedAt),
  };
}

/** JSON as a value, anything else as the text that it is. */
export function parsedOrText(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function wholeSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
