import { NightshiftError } from "../errors.ts";
import { endOf } from "../run/next-move.ts";
import type { NewEvent } from "../run/run-event.ts";
import type { Outcome, Stepping } from "./stepping.ts";

/** True for what a model says of a stored token that it did not make, or that is damaged. */
export function isUnusableToken(error: unknown): error is NightshiftError {
  return error instanceof NightshiftError && error.code === "token_invalid";
}

/** Ends a run whose token nobody can use: no later step could either. */
export async function endForToken({ code, message }: NightshiftError, stepping: Stepping): Promise<Outcome> {
  await stepping.commit((run) => {
    const move = stepping.moveOf(run);
    if (move.kind !== "look" && move.kind !== "close") return null;
    const failed: NewEvent = { type: "run-failed", error: { code, message }, output: run.lastOutput };
    return { events: [move.kind === "close" ? endOf(run, move.closing, message) : failed], pulse: {} };
  });
  return null;
}
