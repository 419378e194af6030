import { type Attributes, type Context, context, type SpanOptions } from "@opentelemetry/api";
import type { Run } from "../run/run.ts";
import type { Change, RunStore } from "../store/run-store.ts";
import { tellCommitted, tellQueued } from "./committed.ts";
import { close, failed, opened, safely, spanned, typeOf } from "./span.ts";
import { enterTrace, stepContext } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";
import { contextOf } from "./trace-of-run.ts";
import { toTraceparent } from "./traceparent.ts";

/**
 * The store, with what it commits told as spans and metrics: each event once, by the process that committed it. A run that
 * is created gets its place in a trace. Reads after the first of a step are no spans: a tool that runs has its run read
 * every few seconds.
 */
export function tracedStore(store: RunStore, telemetry: Telemetry): RunStore {
  const { tracer, now } = telemetry;
  const attributesOf = (operation: string): Attributes => ({
    "db.system.name": telemetry.database,
    "db.operation.name": operation,
  });

  /** The span of what began at `startTime` and is over. */
  function record(parent: Context, operation: string, startTime: number, more: Attributes, error?: unknown): void {
    const options: SpanOptions = { startTime, attributes: { ...attributesOf(operation), ...more } };
    const span = tracer.startSpan(`store.${operation}`, options, parent);
    if (error !== undefined) failed(span, typeOf(error));
    span.end(now());
  }

  return {
    ...store,
    async create(start, input) {
      const attributes = { ...attributesOf("create"), ...ofStart(start) };
      const span = opened(tracer.startSpan("start-run", { attributes }, context.active()), telemetry);
      try {
        const traceparent = toTraceparent(span.spanContext());
        const run = await store.create({ ...start, ...(traceparent && { traceparent }) }, input);
        safely(() => tellQueued(run, telemetry));
        return run;
      } catch (error) {
        if (typeOf(error) !== "run_exists") failed(span, typeOf(error)); // which is how a repeat of a start is noticed
        throw error;
      } finally {
        close(span, telemetry);
      }
    },
    async get(runId) {
      const began = now();
      const run = await store.get(runId);
      if (run && enterTrace(run, telemetry)) recordIn(stepContext(runId), "get", began);
      return run;
    },
    async update(runId, decide) {
      const began = now();
      const last: { before: Run | null; change: Change | null } = { before: null, change: null };
      const asking = (before: Run) => {
        const change = decide(before);
        Object.assign(last, { before, change });
        return change;
      };
      const stored = await store.update(runId, asking).catch((error: unknown) => {
        recordIn(stepContext(runId), "update", began, {}, error);
        throw error;
      });
      enterTrace(stored, telemetry);
      const { before, change } = last;
      if (!before || !change) return stored;
      const { events, pulse } = change;
      const types = { "nightshift.events": events.map(({ type }) => type) };
      const parent = stepContext(runId) ?? contextOf(stored);
      if (events.length > 0 || pulse.bell !== undefined) recordIn(parent, "update", began, types);
      safely(() => tellCommitted(before, events, stored, telemetry));
      return stored;
    },
    putPayload(runId, name, text) {
      return recorded(stepContext(runId), "put_payload", { "nightshift.payload": name }, () =>
        store.putPayload(runId, name, text),
      );
    },
    getPayload(runId, ref) {
      return recorded(stepContext(runId), "get_payload", { "nightshift.payload": ref.name }, () =>
        store.getPayload(runId, ref),
      );
    },
  };

  function recordIn(parent: Context | null, operation: string, began: number, more: Attributes = {}, error?: unknown) {
    if (parent) record(parent, operation, began, more, error);
  }

  function recorded<T>(
    parent: Context | null,
    operation: string,
    more: Attributes,
    work: () => Promise<T>,
  ): Promise<T> {
    if (!parent) return work();
    const attributes = { ...attributesOf(operation), ...more };
    return spanned(telemetry, `store.${operation}`, { attributes }, parent, work);
  }
}

function ofStart({ runId, agent }: { runId: string; agent: string }): Attributes {
  return { "nightshift.run.id": runId, "gen_ai.agent.name": agent };
}
