import type { OrchestrationContext, RetryOptions, Task } from "durable-functions";
import * as df from "durable-functions";
import { type Activity, stepRetries } from "../src/steps/contract.ts";

/** What an orchestrator, or a part of one, does in its order. */
export type Story<Output> = Generator<Task, Output, unknown>;

/** One step: an activity that the host tries again; its result is parsed, because an older version may have written it. */
export function* call<Input, Output>(
  context: OrchestrationContext,
  activity: Activity<Input, Output>,
  input: Input,
): Story<Output> {
  const result: unknown = yield context.df.callActivityWithRetry(activity.name, retries(), input);
  return activity.output.parse(result);
}

function retries(): RetryOptions {
  const { attempts, firstSeconds, backoff, maxSeconds } = stepRetries;
  const options = new df.RetryOptions(firstSeconds * 1000, attempts);
  options.backoffCoefficient = backoff;
  options.maxRetryIntervalInMilliseconds = maxSeconds * 1000;
  return options;
}

export function sleep(context: OrchestrationContext, seconds: number) {
  return context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000));
}

/** The sleep after a step that is out of attempts: 5 s, doubling to 5 min with each such step in a row. */
export function pause(context: OrchestrationContext, failures: number) {
  return sleep(context, Math.min(5 * 2 ** failures, 300));
}
