import { type Context, context, diag, type Span, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";
import { NightshiftError } from "../errors.ts";
import type { Telemetry } from "./telemetry.ts";

/** Does the work as a span, under which its own spans stand. */
export async function spanned<T>(
  telemetry: Pick<Telemetry, "tracer" | "open">,
  name: string,
  options: SpanOptions,
  parent: Context,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = opened(telemetry.tracer.startSpan(name, options, parent), telemetry);
  try {
    return await context.with(trace.setSpan(context.active(), span), work, undefined, span);
  } catch (error) {
    failed(span, typeOf(error));
    throw error;
  } finally {
    close(span, telemetry);
  }
}

/** From here on the span is ended should the process end first. */
export function opened(span: Span, { open }: Pick<Telemetry, "open">): Span {
  open.add(span);
  return span;
}

export function close(span: Span, { open }: Pick<Telemetry, "open">): void {
  if (open.delete(span)) span.end();
}

/** Ends what is under way when the process is: a span that never ends is never sent, and its children have no parent. */
export function closeAll({ open }: Pick<Telemetry, "open">): void {
  for (const span of open) {
    failed(span, "process_ended");
    close(span, { open });
  }
}

/** Marks a span as failed. Messages stay out of spans: they may hold what was asked, or answered. */
export function failed(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** The code or the class of an error. */
export function typeOf(error: unknown): string {
  if (error instanceof NightshiftError) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}

/** Telling never fails what it tells of. */
export function safely(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    diag.error("Something could not be told", String(error));
  }
}
