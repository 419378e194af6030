import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../../../local/host/clock.ts";
import { startActivities } from "../../../../local/host/durable/activities.ts";
import { durableFunctions } from "../../../../local/host/durable/app-functions.ts";
import { openState } from "../../../../local/host/state/open-state.ts";
import type { RegisteredFunction } from "../../../../local/host/worker/core.ts";
import { eventually } from "../support/instances.ts";

const work: RegisteredFunction = {
  id: "work",
  metadata: { name: "work", bindings: { trigger: { type: "activityTrigger", direction: "in" } } },
  callback: () => undefined,
};

test("no more activities run at once than host.json allows, and they begin in the order of their schedule", async (context) => {
  const state = openState(":memory:", "normal", () => {});
  context.after(() => state.close());
  for (let taskId = 0; taskId < 9; taskId += 1) {
    state.tasks.add({ instanceId: "i", executionId: "e", taskId, name: "work", input: JSON.stringify([taskId]) });
  }
  let running = 0;
  let most = 0;
  const begun: unknown[] = [];
  const activities = startActivities({
    state,
    functions: durableFunctions([work]),
    invoke: async (_, { inputData, invocationId }) => {
      begun.push(inputData[0]?.data.string);
      running += 1;
      most = Math.max(most, running);
      await pause(5);
      running -= 1;
      return { invocationId };
    },
    clientInput: () => [],
    clock: systemClock,
    log: () => {},
    maximumConcurrent: 4,
    onMessage: () => {},
  });
  activities.pump();
  await eventually(() => (state.inbox.read("i", 100).length === 9 ? true : undefined));
  assert.deepEqual([most, begun], [4, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]]);
});
