import type { TypedData } from "../worker/core-types.ts";
import { dotnetMetadata, textData } from "./dotnet-metadata.ts";

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
    instanceId: textData(parts.instanceId),
    isReplaying: textData(parts.isReplaying ? "True" : "False"),
    ...(parts.parentInstanceId !== null && { parentInstanceId: textData(parts.parentInstanceId) }),
    ...constantMetadata,
  };
}

const constantMetadata: Record<string, TypedData> = {
  upperSchemaVersion: textData("1"),
  upperSchemaVersionNew: textData("3"),
  longRunningTimerIntervalDuration: textData("3.00:00:00"),
  maximumShortTimerDuration: textData("6.00:00:00"),
  defaultHttpAsyncRequestSleepTimeMillseconds: textData("30000"),
};
