import { context, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import type { Log } from "../steps/services.ts";
import { currentStep, type StepOf, takeStep } from "./step.ts";
import type { Telemetry } from "./telemetry.ts";
import { fromTraceparent } from "./traceparent.ts";

/** What stands around the work of the functions, so that spans find their parents. */
export interface Around {
  /** An activity that works on one run. */
  step<T>(of: StepOf, work: () => Promise<T>): Promise<T>;
  /** A request, with its header `traceparent`: a run that it starts belongs to its caller's trace. */
  request<T>(traceparent: string | null, work: () => Promise<T>): Promise<T>;
}

export function aroundOf(telemetry: Telemetry): Around {
  return {
    step: (of, work) => takeStep(of, telemetry, work),
    request(traceparent, work) {
      const caller = traceparent === null ? null : fromTraceparent(traceparent);
      return context.with(caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT, work);
    },
  };
}

/** The log, its lines in a step naming their trace. */
export function tracedLog(log: Log): Log {
  return (line) => {
    const traceId = currentStep()?.span?.spanContext().traceId;
    log(traceId === undefined ? line : { ...line, traceId });
  };
}
