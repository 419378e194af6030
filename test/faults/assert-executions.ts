import assert from "node:assert/strict";
import type { Run } from "../../src/run/run.ts";
import type { RunEvent } from "../../src/run/run-event.ts";

/**
 * A tool was executed as often as the journal says at most, and one that must not be repeated at most once. `executions`
 * counts what was really executed, by the call's idempotency key.
 */
export function assertExecutions(run: Run, events: readonly RunEvent[], executions: ReadonlyMap<string, number>): void {
  for (const event of events) {
    if (event.type !== "call-requested") continue;
    const { callId, turn, tool, repeat } = event;
    const started = events.filter((each) => each.type === "call-started" && each.callId === callId).length;
    const executed = executions.get(`${run.id}/${turn}/${callId}`) ?? 0;
    assert.ok(executed <= started, `${tool} was executed ${executed} times, and started ${started} times`);
    if (repeat === "never") assert.ok(executed <= 1, `${tool} was executed ${executed} times`);
  }
}
