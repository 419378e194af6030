import type { RunEvent } from "./run-event.ts";

/** What a run has outside the store, named by the event with which it begins. */
export type Belonging =
  | { kind: "orchestration"; generation: number }
  /** Without a token: that of the deployment's own API is meant. */
  | { kind: "response"; responseId: string; token: string | null }
  | { kind: "delivery" };

/** What begins with `event`. Over a whole journal: every orchestration of the run and every response it knows. */
export function belongingsOf(event: RunEvent): Belonging[] {
  switch (event.type) {
    case "run-queued":
      return [{ kind: "orchestration", generation: 0 }, ...(event.webhook ? [{ kind: "delivery" as const }] : [])];
    case "orchestration-replaced":
      return [{ kind: "orchestration", generation: event.generation }];
    case "turn-started":
      return [{ kind: "response", responseId: event.responseId, token: event.token }];
    case "orphan-confirmed":
      return [{ kind: "response", responseId: event.responseId, token: null }];
    case "session-continued":
    case "run-started":
    case "turn-intended":
    case "turn-completed":
    case "turn-failed":
    case "rung-taken":
    case "turn-lost":
    case "orphan-possible":
    case "call-requested":
    case "approval-requested":
    case "approval-decided":
    case "call-started":
    case "call-completed":
    case "call-failed":
    case "cancel-requested":
    case "late-answer-ignored":
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
    case "webhook-delivered":
    case "webhook-failed":
      return [];
  }
}
