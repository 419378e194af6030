import * as df from "durable-functions";
import type { Step } from "../support/program.ts";

type Context = df.OrchestrationContext;

df.app.activity("work", { handler: () => undefined });

/** Runs a program that is given as data, and returns what each step came to. */
df.app.orchestration("interpret", function* (context) {
  const steps: Step[] = context.df.getInput();
  const results: unknown[] = [];
  for (const step of steps) results.push(yield* run(context, step));
  return results;
});

function* run(context: Context, step: Step): Generator<df.Task, unknown, unknown> {
  if (step.kind !== "any") return plain(yield task(context, step));
  const parts = step.parts.map((part) => task(context, part));
  const winner = yield context.df.Task.any(parts);
  parts.forEach((part, index) => {
    if (step.parts[index]?.kind === "timer" && !part.isCompleted && "cancel" in part) (part as df.TimerTask).cancel();
  });
  return parts.findIndex((part) => Object.is(part, winner));
}

function task(context: Context, step: Step): df.Task {
  switch (step.kind) {
    case "work":
      return context.df.callActivity("work", step);
    case "retry":
      return context.df.callActivityWithRetry("work", new df.RetryOptions(1000, 3), step);
    case "timer":
      return context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
    case "event":
      return context.df.waitForExternalEvent(step.name);
    case "all":
      return context.df.Task.all(step.parts.map((part) => task(context, part)));
    case "any":
      return context.df.Task.any(step.parts.map((part) => task(context, part)));
  }
}

/** A Task.any within a Task.all gives a task, which is no JSON. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "object" && value !== null ? "task" : value;
}
