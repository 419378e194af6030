import { messageOf } from "../errors.ts";
import { type RunId, secondsBetween } from "../run/ids.ts";
import { closingOf } from "../run/next-move.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { isGone } from "./gone.ts";
import { instantOf, type Services } from "./services.ts";

/**
 * Looks at a run every 2 s, after a minute every 5 s, while work is done for it. Resolves when `seconds` have passed,
 * when nobody wants that work any more (the run has ended or is to end), or when `signal` is aborted. Never rejects.
 */
export async function watchRun(
  runId: RunId,
  seconds: number,
  look: () => Promise<Run | null>,
  services: Pick<Services, "clock" | "log">,
  signal: AbortSignal,
): Promise<"timed-out" | "unwanted" | "aborted"> {
  const { clock } = services;
  const began = instantOf(clock);
  for (;;) {
    const elapsed = secondsBetween(began, instantOf(clock));
    const left = seconds - elapsed;
    if (left <= 0) return "timed-out";
    await clock.sleep(Math.min(elapsed < 60 ? 2 : 5, left), signal);
    if (signal.aborted) return "aborted";
    if (await isUnwanted(runId, look, services)) return "unwanted";
  }
}

async function isUnwanted(
  runId: RunId,
  look: () => Promise<Run | null>,
  { clock, log }: Pick<Services, "clock" | "log">,
): Promise<boolean> {
  try {
    const run = await look();
    return !run || hasEnded(run) || closingOf(run, instantOf(clock)) !== null;
  } catch (error) {
    if (isGone(error)) return true;
    log({ level: "warn", message: "A run could not be looked at during its work", runId, error: messageOf(error) });
    return false;
  }
}
