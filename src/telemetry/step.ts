import { type Context, context, createContextKey, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import type { TurnOutput } from "../model/model.ts";
import type { CallId, Instant, RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import { close, failed, opened, typeOf } from "./span.ts";
import type { Telemetry } from "./telemetry.ts";
import { contextOf } from "./trace-of-run.ts";

/** An activity that works on one run; one that performs a call names it. */
export interface StepOf {
  name: string;
  runId: RunId;
  callId?: CallId;
}

/** A step under way. Its first act is to read its run, and only then is it known which trace it belongs to. */
interface Step extends StepOf {
  startedAt: number;
  span: Span | null;
  /** What the provider answered in this step, by response id: it is told when its event has been committed. */
  answers: Map<string, Answer>;
}

export interface Answer {
  output: TurnOutput;
  endedAt: Instant | null;
}

const key = createContextKey("nightshift.step");

/** The step that this code is a part of, or null. */
export function currentStep(): Step | null {
  return (context.active().getValue(key) as Step | undefined) ?? null; // nobody else has the key
}

export async function takeStep<T>(of: StepOf, telemetry: Telemetry, work: () => Promise<T>): Promise<T> {
  const step: Step = { ...of, startedAt: telemetry.now(), span: null, answers: new Map() };
  try {
    return await context.with(ROOT_CONTEXT.setValue(key, step), work);
  } catch (error) {
    if (step.span) failed(step.span, typeOf(error));
    throw error;
  } finally {
    if (step.span) close(step.span, telemetry);
  }
}

/** Puts the step under the span of its run, which it has just read. True: it stands there from now on. */
export function enterTrace(run: Run, telemetry: Telemetry): boolean {
  const step = currentStep();
  const parent = step?.runId === run.id && step.span === null ? contextOf(run) : null;
  if (!step || !parent) return false;
  const attributes = { "nightshift.run.id": run.id, "gen_ai.agent.name": run.agent };
  const model = { "gen_ai.request.model": telemetry.modelOf(run.agent) };
  const options = { startTime: step.startedAt, attributes: { ...attributes, ...model } };
  step.span = opened(telemetry.tracer.startSpan(step.name, options, parent), telemetry);
  return true;
}

/** What a span that begins now stands under: the span of the step that works on `runId`, or of any step. */
export function stepContext(runId?: RunId): Context | null {
  const step = currentStep();
  if (!step?.span || (runId !== undefined && step.runId !== runId)) return null;
  return trace.getSpan(context.active()) ? context.active() : trace.setSpan(context.active(), step.span);
}
