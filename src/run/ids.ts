import { z } from "zod";

/** `run_` and 32 characters of `0-9a-v`: 160 bits, unguessable. Also the instance id of the run's first orchestration. */
export const RunId = z
  .string()
  .regex(/^run_[0-9a-v]{32}$/)
  .brand<"RunId">();
export type RunId = z.infer<typeof RunId>;

/** A run seen as a response of the OpenAI-compatible API: `resp_X` is `run_X`. */
export function responseIdOf(runId: RunId): string {
  return runId.replace("run_", "resp_");
}

/** The id that the provider gave a tool call; answers to the call carry it. */
export const CallId = z.string().min(1).max(256).brand<"CallId">();
export type CallId = z.infer<typeof CallId>;

/** An operation id of ours: one POST to the provider. Stands in the response's metadata. */
export const OperationId = z.string().min(1).max(64).brand<"OperationId">();
export type OperationId = z.infer<typeof OperationId>;

/** A session, as its caller names it; under `/v1` a conversation. It stands in paths as it is. */
export const SessionId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._~:@+-]{0,127}$/,
    "expected 1 to 128 of A-Z a-z 0-9 . _ ~ : @ + -, a letter or digit first",
  )
  .brand<"SessionId">();
export type SessionId = z.infer<typeof SessionId>;

/** A point in time, ISO 8601 in UTC with milliseconds: the order of the text is the order of the time. */
export const Instant = z.iso.datetime({ precision: 3 });
export type Instant = z.infer<typeof Instant>;

export function toInstant(milliseconds: number): Instant {
  return new Date(milliseconds).toISOString();
}

/** The instant `seconds` after `instant`. */
export function plusSeconds(instant: Instant, seconds: number): Instant {
  return toInstant(Date.parse(instant) + seconds * 1000);
}

/** Seconds from `from` to `to`; negative when `to` is earlier. */
export function secondsBetween(from: Instant, to: Instant): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}

/** The instance id of the orchestration that forgets a run. */
export function forgettingInstanceId(runId: RunId): string {
  return `${runId}-forgetting`;
}

/** The instance id of the orchestration that reports a run's end to its webhook. */
export function deliveryInstanceId(runId: RunId): string {
  return `${runId}-webhook`;
}

/** The instance id of a run's orchestration: the first has the run's own id, a replacement names its generation. */
export function instanceId(runId: RunId, generation: number): string {
  return generation === 0 ? runId : `${runId}-g${generation}`;
}
