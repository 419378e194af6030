import { cutTexts, type StreamText } from "../faults/cut-texts.ts";
import type { Fault } from "../faults/fault.ts";
import type { InFlight } from "../in-flight.ts";
import type { Ctx } from "../routes/env.ts";
import type { Settings } from "../settings.ts";
import { eventStream, keepAlive, namedEvent } from "../sse.ts";
import { type Played, playStream } from "./play-stream.ts";
import type { StoredResponse } from "./stored-response.ts";

export interface Streaming {
  startingAfter: number;
  cancelledAt(): number | null | undefined;
  fault: Fault | null;
  context: Ctx;
  settings: Settings;
  work: InFlight;
  /** The client went away before the end. */
  abandon(): void;
}

export function streamResponse(response: StoredResponse, streaming: Streaming): Response {
  const { fault, context, settings, startingAfter, cancelledAt } = streaming;
  const { now, keepAliveSeconds } = settings;
  const gone = context.req.raw.signal;
  const played = playStream(response, { startingAfter, now, keepAliveSeconds, cancelledAt, gone });
  const errorText = (code: string, sequence_number: number) => namedEvent(errorEvent(code, sequence_number));
  const cut = () => void context.env.outgoing.destroy();
  return eventStream(streaming.work.stream(cutTexts(asTexts(played, gone, streaming.abandon), fault, errorText, cut)));
}

async function* asTexts(
  played: AsyncGenerator<Played>,
  gone: AbortSignal,
  abandon: () => void,
): AsyncGenerator<StreamText> {
  let whole = false;
  try {
    for await (const event of played) {
      yield event === null
        ? { text: keepAlive, number: null }
        : { text: namedEvent(event), number: event.sequence_number };
    }
    whole = !gone.aborted;
  } finally {
    if (!whole) abandon();
  }
}

/** Both forms that clients read: the members beside the type, and the envelope (responses-api.md, section 5.1). */
function errorEvent(code: string, sequence_number: number) {
  const message = "This error was ordered.";
  const flat = { code, message, param: null };
  return { type: "error", sequence_number, ...flat, error: { type: "server_error", ...flat } };
}
