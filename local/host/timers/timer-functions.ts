import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { LogSink } from "../log.ts";
import type { State } from "../state/open-state.ts";
import type { Schedule } from "../state/schedules.ts";
import { findBinding } from "../worker/bindings.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import type { NamedData } from "../worker/core-types.ts";
import { type Invoke, newInvocationId } from "../worker/invocation.ts";
import { type Occurrences, parseSchedule } from "./occurrences.ts";
import { timerArgument } from "./timer-argument.ts";

export interface TimerFunctions {
  start(): void;
  stop(): void;
}

export interface TimerParts {
  functions: readonly RegisteredFunction[];
  state: State;
  invoke: Invoke;
  clientInput(target: RegisteredFunction): NamedData[];
  clock: Clock;
  log: LogSink;
}

interface TimerFunction {
  target: RegisteredFunction;
  binding: string;
  expression: string;
  occurrences: Occurrences;
  runOnStartup: boolean;
  /** Whether missed runs are made up for after a restart. */
  monitored: boolean;
}

const timerOptions = z.object({
  schedule: z.string(),
  runOnStartup: z.boolean().nullish(),
  useMonitor: z.boolean().nullish(),
});

/** @throws Error that names the function whose schedule cannot be read. */
export function createTimerFunctions(parts: TimerParts): TimerFunctions {
  const runners = timersOf(parts.functions).map((timer) => createRunner(timer, parts));
  return {
    start() {
      for (const runner of runners) runner.start();
    },
    stop() {
      for (const runner of runners) runner.stop();
    },
  };
}

function timersOf(functions: readonly RegisteredFunction[]): TimerFunction[] {
  const timers: TimerFunction[] = [];
  for (const target of functions) {
    const found = findBinding(target, "timerTrigger");
    if (found === undefined) continue;
    const { schedule: expression, runOnStartup, useMonitor } = timerOptions.parse(found.binding);
    const occurrences = readSchedule(target.metadata.name, expression);
    const monitored = useMonitor !== false && !occurrences.isFrequent;
    timers.push({
      target,
      binding: found.name,
      expression,
      occurrences,
      runOnStartup: runOnStartup === true,
      monitored,
    });
  }
  return timers;
}

function readSchedule(name: string, expression: string): Occurrences {
  try {
    return parseSchedule(expression);
  } catch (error) {
    throw new Error(
      `The schedule of ${name} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function createRunner(timer: TimerFunction, { state, invoke, clientInput, clock, log }: TimerParts): TimerFunctions {
  const { now } = clock;
  const { target, binding, occurrences, expression } = timer;
  const functionName = target.metadata.name;
  let status: Schedule = { functionName, expression, last: 0, next: 0, lastUpdated: 0 };
  let disarm = () => {};
  let stopped = false;

  function start(): void {
    const known = state.schedules.find(functionName);
    const kept = timer.monitored && known?.expression === expression ? known : undefined;
    status = kept ?? { ...status, next: occurrences.next(now()) };
    if (kept === undefined) void remember();
    const pastDue = status.next <= now();
    if (pastDue || timer.runOnStartup) begin(pastDue);
    else arm();
  }

  function arm(): void {
    if (stopped) return;
    disarm = clock.at(status.next, () => begin(false));
  }

  function begin(isPastDue: boolean): void {
    void clock.during(() => run(isPastDue));
  }

  async function run(isPastDue: boolean): Promise<void> {
    const ranAt = now();
    try {
      await invoke(target, {
        invocationId: newInvocationId(),
        inputData: [{ name: binding, data: { json: timerArgument(status, isPastDue) } }, ...clientInput(target)],
        triggerMetadata: {},
      });
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log({
        level: "error",
        category: `Function.${functionName}`,
        message: `The timer function ${functionName} failed: ${text}`,
      });
    }
    status = { ...status, last: ranAt, next: occurrences.next(Math.max(now(), status.next)), lastUpdated: ranAt };
    await remember();
    arm();
  }

  async function remember(): Promise<void> {
    if (!timer.monitored || stopped) return;
    try {
      await state.commit("schedule", () => state.schedules.put(status));
    } catch (error) {
      log({
        level: "error",
        category: "Host.Timers",
        message: `The schedule of ${functionName} was not written: ${error}`,
      });
    }
  }

  function stop(): void {
    stopped = true;
    disarm();
  }

  return { start, stop };
}
