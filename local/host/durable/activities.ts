import { type Clock, passed } from "../clock.ts";
import type { LogSink } from "../log.ts";
import type { State } from "../state/open-state.ts";
import type { Task } from "../state/tasks.ts";
import { bindingName } from "../worker/bindings.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import type { TypedData } from "../worker/core-types.ts";
import { type Invoke, newInvocationId } from "../worker/invocation.ts";
import { activityInput, activityMetadata, activityResult } from "./activity-data.ts";
import type { DurableFunctions } from "./app-functions.ts";
import { taskCompleted, taskFailed } from "./events.ts";
import { activityFailure } from "./failure-details.ts";
import type { HistoryEvent } from "./history-event.ts";

export interface Activities {
  /** Says that there are tasks in the state that were not there before. */
  pump(): void;
  /** No new task begins; what runs may not be waited for, since it is run again after a restart. */
  stop(): void;
}

export interface ActivityParts {
  state: State;
  functions: DurableFunctions;
  invoke: Invoke;
  clientInput(target: RegisteredFunction): { name: string; data: TypedData }[];
  clock: Clock;
  log: LogSink;
  maximumConcurrent: number;
  onMessage(instanceId: string): void;
}

const commitPause = 5000;

/** Runs tasks in the order in which they were scheduled, some at a time. */
export function startActivities(parts: ActivityParts): Activities {
  const { state, log } = parts;
  let running = 0;
  let lastTaken = 0;
  let more = false;
  let stopped = false;

  function pump(): void {
    more = true;
    take();
  }

  function take(): void {
    const room = parts.maximumConcurrent - running;
    if (stopped || !more || room <= 0) return;
    const tasks = state.tasks.after(lastTaken, room);
    more = tasks.length === room;
    for (const task of tasks) {
      lastTaken = task.id;
      running += 1;
      void parts.clock.during(() => run(task));
    }
  }

  async function run(task: Task): Promise<void> {
    const event = JSON.stringify(await perform(task, parts));
    while (!stopped && !(await deliver(task, event))) await passed(parts.clock, commitPause);
    running -= 1;
    take();
  }

  /** Whether the end of a task is on disk. Until it is, a restart would run the task again. */
  async function deliver(task: Task, event: string): Promise<boolean> {
    try {
      const wanted = await state.commit("activity", () => {
        if (!state.tasks.remove(task.id)) return false; // its instance was purged
        state.inbox.add(task.instanceId, task.executionId, event);
        return true;
      });
      if (wanted) parts.onMessage(task.instanceId);
      return true;
    } catch (error) {
      if (stopped) return true;
      const message = `The end of ${task.name} of ${task.instanceId} was not written and is tried again: ${error}`;
      log({ level: "critical", category: "Host.Durable", message });
      return false;
    }
  }

  function stop(): void {
    stopped = true;
  }
  return { pump, stop };
}

async function perform(task: Task, parts: ActivityParts): Promise<HistoryEvent> {
  const { functions, invoke, clock, log } = parts;
  const at = () => new Date(clock.now()).toISOString();
  const target = functions.activity(task.name);
  if (target === undefined) {
    const error = new Error(`Activity function '${task.name}' does not exist.`);
    return taskFailed(task.taskId, activityFailure(task.name, error), at());
  }
  try {
    const response = await invoke(target, {
      invocationId: newInvocationId(),
      inputData: [
        { name: bindingName(target, "activityTrigger"), data: activityInput(task.input) },
        ...parts.clientInput(target),
      ],
      triggerMetadata: activityMetadata(task.instanceId, task.input),
    });
    return taskCompleted(task.taskId, activityResult(response.returnValue), at());
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const message = `Activity '${task.name}' of ${task.instanceId} threw: ${error.message}`;
    log({ level: "error", category: `Function.${target.metadata.name}`, message });
    return taskFailed(task.taskId, activityFailure(task.name, error), at());
  }
}
