import { z } from "zod";
import { CallId, RunId } from "../run/ids.ts";

/**
 * The names, shapes and attempts that durable histories hold. A name is never renamed; a shape only gains optional
 * fields; everything here is small, because history carries ids, not content.
 */
export interface Activity<Input, Output> {
  name: string;
  input: z.ZodType<Input>;
  output: z.ZodType<Output>;
}

/** Who retries, and how often: the host, these many times, before a step counts as out of attempts. */
export interface Retries {
  attempts: number;
  firstSeconds: number;
  backoff: number;
  maxSeconds: number;
}

export const orchestrationName = "run-agent";

/** The whole state of an orchestration. `failures`: steps in a row that ran out of attempts. */
export const RunAgentInput = z.object({
  runId: RunId,
  generation: z.int().nonnegative(),
  failures: z.int().nonnegative(),
});
export type RunAgentInput = z.infer<typeof RunAgentInput>;

export const AdvanceRunInput = z.object({ runId: RunId, generation: z.int().nonnegative() });
export type AdvanceRunInput = z.infer<typeof AdvanceRunInput>;

export const AdvanceRunOutput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("finished") }),
  z.object({ kind: z.literal("wait"), bell: z.int().nonnegative(), seconds: z.number().nonnegative() }),
  /** Turn 0: calls that the run was started with. */
  z.object({ kind: z.literal("calls"), turn: z.int().nonnegative(), calls: z.array(CallId) }),
]);
export type AdvanceRunOutput = z.infer<typeof AdvanceRunOutput>;

export const PerformCallInput = z.object({ runId: RunId, turn: z.int().nonnegative(), callId: CallId });
export type PerformCallInput = z.infer<typeof PerformCallInput>;

export const advanceRunActivity: Activity<AdvanceRunInput, AdvanceRunOutput> = {
  name: "advance-run",
  input: AdvanceRunInput,
  output: AdvanceRunOutput,
};
/** Of every step; a tool's call has none, because the step after it looks again. */
export const stepRetries: Retries = { attempts: 5, firstSeconds: 1, backoff: 2, maxSeconds: 30 };

/** The result is in the store; history only learns that the activity ended. */
export const performCallActivity: Activity<PerformCallInput, null> = {
  name: "perform-call",
  input: PerformCallInput,
  output: z.null(),
};

export const forgettingName = "forgetting";

/** `after`: the number of the last event whose things are deleted. `failures` as of a run. */
export const ForgettingInput = z.object({
  runId: RunId,
  after: z.int().nonnegative(),
  failures: z.int().nonnegative(),
});
export type ForgettingInput = z.infer<typeof ForgettingInput>;

export const ForgetRunInput = ForgettingInput.omit({ failures: true });
export type ForgetRunInput = z.infer<typeof ForgetRunInput>;

export const ForgetRunOutput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("finished") }),
  z.object({ kind: z.literal("left"), after: z.int().nonnegative(), seconds: z.number().nonnegative() }),
]);
export type ForgetRunOutput = z.infer<typeof ForgetRunOutput>;

export const forgetRunActivity: Activity<ForgetRunInput, ForgetRunOutput> = {
  name: "forget-run",
  input: ForgetRunInput,
  output: ForgetRunOutput,
};

export const deliveringName = "delivering";

/** `failures` as of a run. */
export const DeliveringInput = z.object({ runId: RunId, failures: z.int().nonnegative() });
export type DeliveringInput = z.infer<typeof DeliveringInput>;

export const DeliverWebhookInput = z.object({ runId: RunId });
export type DeliverWebhookInput = z.infer<typeof DeliverWebhookInput>;

export const DeliverWebhookOutput = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("finished") }),
  z.object({ kind: z.literal("wait"), seconds: z.number().nonnegative() }),
]);
export type DeliverWebhookOutput = z.infer<typeof DeliverWebhookOutput>;

export const deliverWebhookActivity: Activity<DeliverWebhookInput, DeliverWebhookOutput> = {
  name: "deliver-webhook",
  input: DeliverWebhookInput,
  output: DeliverWebhookOutput,
};

/** The name of the external event that means "look at the store now". */
export function bellName(bell: number): string {
  return `bell-${bell}`;
}
