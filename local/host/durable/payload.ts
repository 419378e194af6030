import type { TypedData } from "../worker/core-types.ts";
import { dotnetMetadata } from "./dotnet-metadata.ts";

export interface PayloadParts {
  instanceId: string;
  parentInstanceId: string | null;
  /** JSON texts of the events, joined by commas. */
  history: string;
  /** JSON text. */
  input: string | null;
  /** Whether the execution started in an earlier turn. */
  isReplaying: boolean;
}

const constants =
  '"sourceInstanceId":null,"upperSchemaVersion":1,"upperSchemaVersionNew":3,' +
  '"longRunningTimerIntervalDuration":"3.00:00:00","maximumShortTimerDuration":"6.00:00:00",' +
  '"defaultHttpAsyncRequestSleepTimeMillseconds":30000}';

/** The text that an orchestration trigger gets; the keys are in the order of the real host. */
export function orchestratorPayload(parts: PayloadParts): string {
  const { instanceId, parentInstanceId, history, input, isReplaying } = parts;
  return (
    `{"history":[${history}],"input":${input ?? "null"},"instanceId":${JSON.stringify(instanceId)},` +
    `"isReplaying":${isReplaying},"parentInstanceId":${JSON.stringify(parentInstanceId)},${constants}`
  );
}

/** Without the trigger's own value, which the real host repeats here. */
export function orchestratorMetadata(parts: PayloadParts): Record<string, TypedData> {
  return {
    ...dotnetMetadata({ input: JSON.parse(parts.input ?? "null") }),
    instanceId: { string: parts.instanceId },
    isReplaying: { string: parts.isReplaying ? "True" : "False" },
    ...(parts.parentInstanceId !== null && { parentInstanceId: { string: parts.parentInstanceId } }),
    upperSchemaVersion: { string: "1" },
    upperSchemaVersionNew: { string: "3" },
    longRunningTimerIntervalDuration: { string: "3.00:00:00" },
    maximumShortTimerDuration: { string: "6.00:00:00" },
    defaultHttpAsyncRequestSleepTimeMillseconds: { string: "30000" },
  };
}
