import { type Clock, napTowards } from "../clock.ts";
import { isCancelledAt } from "./lifecycle.ts";
import { responseObject } from "./response-object.ts";
import type { StoredResponse } from "./stored-response.ts";
import { timelineOf } from "./timeline.ts";

export interface Playing {
  /** Events up to this sequence number are left out; -1: none. */
  startingAfter: number;
  now: Clock;
  keepAliveSeconds: number;
  /** Aborted when the client has gone: a generator at a wait hears of it in no other way. */
  gone: AbortSignal;
  /** When the response was cancelled; undefined: it is gone. */
  cancelledAt(): number | null | undefined;
}

/** A line of the stream: an event with its number, or null for a comment that keeps the connection alive. */
export type Played = { type: string; sequence_number: number; [member: string]: unknown } | null;

/** The events of a response as they fall due; a cancel ends them with `response.failed`, whose response is cancelled. */
export async function* playStream(response: StoredResponse, playing: Playing): AsyncGenerator<Played> {
  const { startingAfter, now, keepAliveSeconds } = playing;
  let number = -1;
  let silentSince = now();
  for (const { at, event } of andThenForEver(response)) {
    for (;;) {
      const cancelledAt = playing.cancelledAt();
      if (cancelledAt === undefined || playing.gone.aborted) return;
      const state = { ...response, cancelledAt };
      if (
        cancelledAt !== null &&
        cancelledAt <= at &&
        isCancelledAt(state, at === Number.POSITIVE_INFINITY ? now() : at)
      ) {
        const failed = { type: "response.failed", response: responseObject(state, now()), sequence_number: number + 1 };
        if (number + 1 > startingAfter) yield failed;
        return;
      }
      if (now() >= at) break;
      await napTowards(at, now);
      if (now() - silentSince >= keepAliveSeconds * 1000) {
        silentSince = now();
        yield null;
      }
    }
    number += 1;
    if (number <= startingAfter) continue;
    silentSince = now();
    yield { ...event, sequence_number: number };
  }
}

/** A response without an end has a last event that never falls due. */
function* andThenForEver(response: StoredResponse) {
  let last = "";
  for (const timed of timelineOf(response)) {
    last = timed.event.type;
    yield timed;
  }
  if (last === "response.in_progress" || last === "response.queued" || last === "response.created")
    yield { at: Number.POSITIVE_INFINITY, event: { type: "never" } };
}
