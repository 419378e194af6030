import { hasEnded } from "../run/run.ts";
import type { RunInput } from "../steps/run-input.ts";
import type { OutputCall, OutputItem, OutputMessage, OutputPart, OutputToolCall } from "./output-items.ts";
import { Echo, type ResponseObject, responseObject } from "./response-object.ts";
import type { Line } from "./story.ts";

export interface ResponseEvent {
  type: string;
  sequence_number: number;
  [member: string]: unknown;
}

type Told = Omit<ResponseEvent, "sequence_number"> & { type: string };

/**
 * Tells a run's journal as the events of a Responses stream: a function of the lines told so far, so that every reader
 * in every process gets the same events under the same numbers. Text comes when its turn is answered.
 */
export function responseTeller(input: RunInput): (line: Line) => ResponseEvent[] {
  const items: OutputItem[] = [];
  let number = 0;
  return (line) => {
    const events = [...line.items.flatMap((item, index) => itemEvents(item, items.length + index))];
    items.push(...line.items);
    const response = () => responseObject(line.run, input, items);
    return [...lifeEvents(line, input, response), ...events].map((event) => ({ ...event, sequence_number: number++ }));
  };
}

function lifeEvents({ event, run }: Line, input: RunInput, response: () => ResponseObject): Told[] {
  switch (event.type) {
    case "run-queued": {
      const created = { type: "response.created", response: response() };
      const { background } = Echo.parse(input.request);
      return background ? [created, { type: "response.queued", response: response() }] : [created];
    }
    case "run-started":
      return [{ type: "response.in_progress", response: response() }];
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
      // The first end counts; and clients know no `response.cancelled`.
      return hasEnded(run) ? [{ type: `response.${endOf(response().status)}`, response: response() }] : [];
    case "session-continued":
    case "turn-intended":
    case "turn-started":
    case "turn-completed":
    case "turn-failed":
    case "turn-lost":
    case "rung-taken":
    case "orphan-possible":
    case "orphan-confirmed":
    case "call-requested":
    case "approval-requested":
    case "approval-decided":
    case "call-started":
    case "call-completed":
    case "call-failed":
    case "orchestration-replaced":
    case "cancel-requested":
    case "late-answer-ignored":
    case "webhook-delivered":
    case "webhook-failed":
      return [];
  }
}

function endOf(status: ResponseObject["status"]): string {
  return status === "cancelled" ? "failed" : status;
}

function itemEvents(item: OutputItem, output_index: number): Told[] {
  return [
    { type: "response.output_item.added", output_index, item: begunItem(item) },
    ...eventsWithin(item, output_index),
    { type: "response.output_item.done", output_index, item },
  ];
}

/** An item as it looks before its first delta. */
function begunItem(item: OutputItem): object {
  switch (item.type) {
    case "message":
      return { ...item, status: "in_progress", content: [] };
    case "function_call":
      return { ...item, status: "in_progress", arguments: "" };
    case "mcp_call":
      return { ...item, status: "in_progress", arguments: "", output: null, error: null };
    case "mcp_approval_request":
      return item;
  }
}

function eventsWithin(item: OutputItem, output_index: number): Told[] {
  switch (item.type) {
    case "message":
      return messageEvents(item, output_index);
    case "function_call":
      return callEvents(item, output_index);
    case "mcp_call":
      return toolCallEvents(item, output_index);
    case "mcp_approval_request":
      return [];
  }
}

function messageEvents({ id: item_id, content }: OutputMessage, output_index: number): Told[] {
  return content.flatMap((part, content_index) => {
    const place = { item_id, output_index, content_index };
    return [
      { type: "response.content_part.added", ...place, part: emptied(part) },
      ...partEvents(part, place),
      { type: "response.content_part.done", ...place, part },
    ];
  });
}

function emptied(part: OutputPart): OutputPart {
  return part.type === "refusal" ? { ...part, refusal: "" } : { ...part, text: "", annotations: [] };
}

function partEvents(part: OutputPart, place: object): Told[] {
  if (part.type === "refusal") {
    const { refusal } = part;
    return [
      { type: "response.refusal.delta", ...place, delta: refusal },
      { type: "response.refusal.done", ...place, refusal },
    ];
  }
  const { text } = part;
  return [
    { type: "response.output_text.delta", ...place, delta: text, logprobs: [] },
    { type: "response.output_text.done", ...place, text, logprobs: [] },
  ];
}

function callEvents({ id: item_id, name, arguments: text }: OutputCall, output_index: number): Told[] {
  const place = { item_id, output_index };
  return [
    { type: "response.function_call_arguments.delta", ...place, delta: text },
    { type: "response.function_call_arguments.done", ...place, name, arguments: text },
  ];
}

function toolCallEvents({ id: item_id, arguments: text, status }: OutputToolCall, output_index: number): Told[] {
  const place = { item_id, output_index };
  return [
    { type: "response.mcp_call.in_progress", ...place },
    { type: "response.mcp_call_arguments.delta", ...place, delta: text },
    { type: "response.mcp_call_arguments.done", ...place, arguments: text },
    { type: `response.mcp_call.${status}`, ...place },
  ];
}
