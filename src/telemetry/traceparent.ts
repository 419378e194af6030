import { isSpanContextValid, type SpanContext } from "@opentelemetry/api";
import { Traceparent } from "../run/run-event.ts";

/** A span's place in its trace, as the header `traceparent` has it; null where there is none. */
export function toTraceparent(place: SpanContext): string | null {
  if (!isSpanContextValid(place)) return null;
  return `00-${place.traceId}-${place.spanId}-${place.traceFlags.toString(16).padStart(2, "0")}`;
}

/** What a `traceparent` says; null for a text that is none. */
export function fromTraceparent(text: string): SpanContext | null {
  if (!Traceparent.safeParse(text).success) return null;
  const [, traceId = "", spanId = "", flags = ""] = text.split("-");
  const place = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(place) ? place : null;
}
