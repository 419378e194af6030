import type { ToolOutcome } from "../agent/define-tool.ts";
import { messageOf } from "../errors.ts";
import { type RunId, secondsBetween } from "../run/ids.ts";
import { closingOf } from "../run/next-move.ts";
import { type Call, hasEnded } from "../run/run.ts";
import { instantOf, type Services } from "./services.ts";

type WatchServices = Pick<Services, "store" | "clock" | "log">;

/**
 * Executes a call while looking at its run: on cancel, at the deadline and at the tool's timeout the signal is aborted
 * and the call is over, also when the tool ignores it. Null: the run is to end, so that there is no outcome.
 */
export async function watchCall(
  runId: RunId,
  call: Call,
  services: WatchServices,
  execute: (signal: AbortSignal) => Promise<ToolOutcome>,
): Promise<ToolOutcome | null> {
  const tool = new AbortController();
  const watch = new AbortController();
  try {
    return await Promise.race([execute(tool.signal), untilStopped(runId, call, services, watch.signal)]);
  } finally {
    tool.abort();
    watch.abort();
  }
}

async function untilStopped(
  runId: RunId,
  call: Call,
  services: WatchServices,
  signal: AbortSignal,
): Promise<ToolOutcome | null> {
  const { clock } = services;
  const began = instantOf(clock);
  for (;;) {
    const elapsed = secondsBetween(began, instantOf(clock));
    const left = call.timeoutSeconds - elapsed;
    if (left <= 0) return timedOut(call);
    await clock.sleep(Math.min(elapsed < 60 ? 2 : 5, left), signal);
    if (signal.aborted || (await isUnwanted(runId, services))) return null;
  }
}

async function isUnwanted(runId: RunId, { store, clock, log }: WatchServices): Promise<boolean> {
  try {
    const run = await store.get(runId);
    return !run || hasEnded(run) || closingOf(run, instantOf(clock)) !== null;
  } catch (error) {
    log({ level: "warn", message: "A running tool could not look at its run", runId, error: messageOf(error) });
    return false;
  }
}

function timedOut({ tool, timeoutSeconds }: Call): ToolOutcome {
  return { ok: false, text: `${tool} was stopped after ${timeoutSeconds} s without a result.` };
}
