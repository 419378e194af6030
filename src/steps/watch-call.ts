import type { ToolOutcome } from "../agent/define-tool.ts";
import type { CallId, RunId } from "../run/ids.ts";
import type { Call, Progress, Run } from "../run/run.ts";
import type { Services } from "./services.ts";
import { watchRun } from "./watch-run.ts";

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
  const look = () => lookWith(reports, runId, call, services.store);
  const why = await watchRun(runId, call.timeoutSeconds, look, services, signal);
  return why === "timed-out" ? timedOut(call) : null;
}

async function lookWith(reports: Reports, runId: RunId, call: Call, store: WatchServices["store"]) {
  const { latest } = reports;
  const run = latest ? await report(runId, { callId: call.id, ...latest }, store) : await store.get(runId);
  if (reports.latest === latest) reports.latest = null;
  return run;
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
