import type { McpCall, McpListTools, OutputItem, Part } from "../items/item.ts";
import { piecesOf } from "../pieces.ts";
import { beginOf, endOf, isOver } from "./lifecycle.ts";
import { objectWith } from "./response-object.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface StreamEvent {
  type: string;
  [member: string]: unknown;
}

/** An event, and when it is due, in milliseconds since 1970. Its place in the row is its sequence number. */
export interface TimedEvent {
  at: number;
  event: StreamEvent;
}

/**
 * Every event of a response's stream, in order (responses-api.md, sections 1.12 and 5.1). It follows from the response
 * alone: whoever asks again, after a restart too, gets the same events with the same numbers. A response that never ends
 * has no last event.
 */
export function* timelineOf(response: StoredResponse): Generator<TimedEvent> {
  const lifecycle = (type: string, at: number, status: string): TimedEvent => ({
    at,
    event: { type, response: objectWith(status, response) },
  });
  const start = response.createdAt;
  yield lifecycle("response.created", start, response.phases[0]?.status ?? "");
  for (const [index, { status }] of response.phases.entries()) {
    if (!isOver(status)) yield lifecycle(`response.${status}`, start + beginOf(response.phases, index), status);
  }
  const end = endOf(response);
  if (end === null) return;
  const status = response.phases.at(-1)?.status ?? "";
  if (status === "completed" || status === "incomplete") yield* outputEvents(response, end);
  if (["completed", "incomplete", "failed"].includes(status)) yield lifecycle(`response.${status}`, end, status);
}

/** The events of the output, spread evenly over the time from the first words to the end. */
function* outputEvents(response: StoredResponse, end: number): Generator<TimedEvent> {
  const working = response.phases.findIndex(({ status }) => status === "in_progress");
  const start = response.createdAt + beginOf(response.phases, Math.max(working, 0));
  const from = Math.min(start + response.firstTokenMs, end);
  const texts = response.output.map(spokenText);
  const letters = Math.max(1, texts.join("").length);
  let said = 0;
  for (const [index, item] of response.output.entries()) {
    const share = (texts[index]?.length ?? 0) / letters;
    const pieces = piecesOf(texts[index] ?? "", (end - from) * share);
    for (const event of itemEvents(item, index, pieces)) {
      if (typeof event.delta === "string") said += event.delta.length;
      const at = from + Math.round(((end - from) * said) / letters);
      yield { at, event: response.obfuscation ? padded(event) : event };
    }
  }
}

function spokenText(item: OutputItem): string {
  switch (item.type) {
    case "message":
      return partText(item.content[0]);
    case "function_call":
    case "mcp_call":
      return item.arguments;
    case "reasoning":
      return item.summary[0]?.text ?? "";
    case "mcp_list_tools":
    case "mcp_approval_request":
      return "";
  }
}

function partText(part: Part | undefined): string {
  return part?.type === "refusal" ? String(part.refusal) : (part?.text ?? "");
}

function* itemEvents(item: OutputItem, output_index: number, pieces: readonly string[]): Generator<StreamEvent> {
  const place = { output_index, item_id: item.id };
  yield { type: "response.output_item.added", output_index, item: asBegun(item) };
  switch (item.type) {
    case "message":
      yield* messageEvents(item.content[0], place, pieces);
      break;
    case "function_call":
      for (const delta of pieces) yield { type: "response.function_call_arguments.delta", ...place, delta };
      yield { type: "response.function_call_arguments.done", ...place, name: item.name, arguments: item.arguments };
      break;
    case "reasoning":
      if (item.summary[0]) yield* summaryEvents(item.summary[0], place, pieces);
      break;
    case "mcp_call":
    case "mcp_list_tools":
      yield* mcpEvents(item, place, pieces);
      break;
    case "mcp_approval_request":
      break;
  }
  yield { type: "response.output_item.done", output_index, item };
}

type Place = { output_index: number; item_id: string };

function* messageEvents(part: Part | undefined, place: Place, pieces: readonly string[]): Generator<StreamEvent> {
  if (!part) return;
  const at = { ...place, content_index: 0 };
  const text = partText(part);
  if (part.type === "refusal") {
    yield { type: "response.content_part.added", ...at, part: { type: "refusal", refusal: "" } };
    for (const delta of pieces) yield { type: "response.refusal.delta", ...at, delta };
    yield { type: "response.refusal.done", ...at, refusal: text };
  } else {
    yield { type: "response.content_part.added", ...at, part: { ...part, text: "" } };
    for (const delta of pieces) yield { type: "response.output_text.delta", ...at, delta, logprobs: [] };
    yield { type: "response.output_text.done", ...at, text, logprobs: [] };
  }
  yield { type: "response.content_part.done", ...at, part };
}

function* summaryEvents(
  part: { type: "summary_text"; text: string },
  place: Place,
  pieces: readonly string[],
): Generator<StreamEvent> {
  const at = { ...place, summary_index: 0 };
  yield { type: "response.reasoning_summary_part.added", ...at, part: { ...part, text: "" } };
  for (const delta of pieces) yield { type: "response.reasoning_summary_text.delta", ...at, delta };
  yield { type: "response.reasoning_summary_text.done", ...at, text: part.text };
  yield { type: "response.reasoning_summary_part.done", ...at, part };
}

function* mcpEvents(item: McpCall | McpListTools, place: Place, pieces: readonly string[]): Generator<StreamEvent> {
  yield { type: `response.${item.type}.in_progress`, ...place };
  if (item.type === "mcp_call") {
    for (const delta of pieces) yield { type: "response.mcp_call_arguments.delta", ...place, delta };
    yield { type: "response.mcp_call_arguments.done", ...place, arguments: item.arguments };
  }
  yield { type: `response.${item.type}.completed`, ...place };
}

/** An item as it looks before its first delta. */
function asBegun(item: OutputItem): OutputItem {
  switch (item.type) {
    case "message":
      return { ...item, status: "in_progress", content: [] };
    case "function_call":
      return { ...item, status: "in_progress", arguments: "" };
    case "reasoning":
      return { ...item, summary: [] };
    case "mcp_call":
      return { ...item, arguments: "", output: null };
    case "mcp_list_tools":
      return { ...item, tools: [] };
    case "mcp_approval_request":
      return item;
  }
}

/** Deltas are padded to lengths that tell little, unless `include_obfuscation` is false. */
function padded(event: StreamEvent): StreamEvent {
  if (typeof event.delta !== "string") return event;
  return { ...event, obfuscation: "nightshiftnights".slice(event.delta.length % 16) };
}
