import { type Instant, plusSeconds, type RunId, responseIdOf } from "./ids.ts";
import type { EndedRun } from "./run.ts";

/**
 * What a run's webhook says: that it has ended and how, in the form of OpenAI's own webhooks, which their clients
 * read. It names the run by its response (`GET /v1/responses/{id}`) and by itself, and holds nothing of what was said.
 */
export function completionEventOf({ id, status, finishedAt }: Pick<EndedRun, "id" | "status" | "finishedAt">) {
  return {
    id: completionEventId(id),
    object: "event",
    created_at: Math.floor(Date.parse(finishedAt) / 1000),
    type: `response.${status}`,
    data: { id: responseIdOf(id), run: id },
  } as const;
}

/** A run ends once, so its event has one id for ever: what a receiver tells repetitions by. */
function completionEventId(runId: RunId): string {
  return runId.replace("run_", "evt_");
}

const patienceSeconds = 24 * 3600;

/**
 * When the attempt after number `attempts` is due, or null: a day has passed since the end. 5 s doubling to an hour, made
 * shorter or longer by up to a half by `chance` (0 to 1), so that receivers that come back are not met by all at once;
 * never earlier than the receiver asked for, which counts up to an hour.
 */
export function nextDeliveryAt(
  finishedAt: Instant,
  now: Instant,
  { attempts, hintSeconds, chance }: { attempts: number; hintSeconds: number | null; chance: number },
): Instant | null {
  const own = Math.min(5 * 2 ** (attempts - 1), 3600) * (0.5 + chance);
  const seconds = Math.max(own, Math.min(hintSeconds ?? 0, 3600));
  const at = plusSeconds(now, seconds);
  return at <= plusSeconds(finishedAt, patienceSeconds) ? at : null;
}
