import type { ToolOutcome } from "../agent/define-tool.ts";
import { messageOf } from "../errors.ts";
import { type CallId, type RunId, secondsBetween } from "../run/ids.ts";
import { closingOf } from "../run/next-move.ts";
import { type Call, hasEnded, type Progress, type Run } from "../run/run.ts";
import { isGone } from "./gone.ts";
import { instantOf, type Services } from "./services.ts";

type WatchServices = Pick<Services, "store" | "clock" | "log">;

/** What a running tool has said of its progress and no look has written yet. */
export interface Reports {
  latest: Omit<Progress, "callId"> | null;
}

/**
 * Executes a call while looking at its run, into which each look writes the tool's latest report: on cancel, at the
 * deadline and at the tool's timeout the signal is aborted and the call is over, also when the tool ignores it. Null:
 * the run is to end, so that there is no outcome.
 */
export async function watchCall(
  runId: RunId,
  call: Call,
  services: WatchServices,
  execute: (signal: AbortSignal, reports: Reports) => Promise<ToolOutcome>,
): Promise<ToolOutcome | null> {
  const tool = new AbortController();
  const watch = new AbortController();
  const reports: Reports = { latest: null };
  try {
    return await Promise.race([
      execute(tool.signal, reports),
      untilStopped(runId, call, services, reports, watch.signal),
    ]);
  } finally {
    tool.abort();
    watch.abort();
  }
}

async function untilStopped(
  runId: RunId,
  call: Call,
  services: WatchServices,
  reports: Reports,
  signal: AbortSignal,
): Promise<ToolOutcome | null> {
  const { clock } = services;
  const began = instantOf(clock);
  for (;;) {
    const elapsed = secondsBetween(began, instantOf(clock));
    const left = call.timeoutSeconds - elapsed;
    if (left <= 0) return timedOut(call);
    await clock.sleep(Math.min(elapsed < 60 ? 2 : 5, left), signal);
    if (signal.aborted || (await isUnwanted(runId, call, services, reports))) return null;
  }
}

async function isUnwanted(runId: RunId, call: Call, services: WatchServices, reports: Reports): Promise<boolean> {
  const { store, clock, log } = services;
  try {
    const { latest } = reports;
    const run = latest ? await report(runId, { callId: call.id, ...latest }, store) : await store.get(runId);
    if (reports.latest === latest) reports.latest = null;
    return !run || hasEnded(run) || closingOf(run, instantOf(clock)) !== null;
  } catch (error) {
    if (isGone(error)) return true;
    log({ level: "warn", message: "A running tool could not look at its run", runId, error: messageOf(error) });
    return false;
  }
}

function report(runId: RunId, progress: Progress, store: WatchServices["store"]): Promise<Run> {
  return store.update(runId, (run) => {
    if (run.calls.find(({ id }) => id === progress.callId)?.result !== null) return null;
    return { events: [], pulse: { progress: [...progressWithout(run, progress.callId), progress] } };
  });
}

/** The reports of the other calls: a call that has ended takes its own with it. */
export function progressWithout(run: Run, callId: CallId): Progress[] {
  return run.pulse.progress.filter((each) => each.callId !== callId);
}

function timedOut({ tool, timeoutSeconds }: Call): ToolOutcome {
  return { ok: false, reason: "failed", text: `${tool} was stopped after ${timeoutSeconds} s without a result.` };
}
