import type { Agent } from "../agent/define-agent.ts";
import type { ToolContext, ToolOutcome } from "../agent/define-tool.ts";
import type { executeCall } from "../agent/run.ts";
import type { CallRequest } from "../model/model.ts";
import type { Clock } from "./services.ts";
import type { Reports } from "./watch-call.ts";

/**
 * Executes the call as often as its tool's `retry` says, while it throws; the phase tells the last error meanwhile.
 * `execute` says whether a call that needs approval may be executed.
 */
export async function tryOften(
  agent: Agent,
  request: CallRequest,
  given: { idempotencyKey: string; signal: AbortSignal; reports: Reports },
  { clock }: { clock: Clock },
  execute: typeof executeCall,
): Promise<ToolOutcome> {
  const { idempotencyKey, signal, reports } = given;
  const progress: ToolContext["progress"] = (text, done) => {
    reports.latest = { text: text.slice(0, 200), done: fraction(done) };
  };
  const context: ToolContext = { idempotencyKey, signal, progress };
  const { attempts, firstSeconds } = agent.tools.find(({ name }) => name === request.name)?.retry ?? once;
  for (let attempt = 1; ; attempt++) {
    const outcome = await execute(agent, request, context);
    if (outcome.ok || outcome.reason !== "failed" || attempt >= attempts || signal.aborted) return outcome;
    progress(`attempt ${attempt} of ${attempts}: ${outcome.text}`);
    await clock.sleep(firstSeconds * 2 ** (attempt - 1), signal);
  }
}

const once = { attempts: 1, firstSeconds: 0 };

/** A part from 0 to 1; what a tool computes may also be no number. */
function fraction(done: number | undefined): number | null {
  return done !== undefined && Number.isFinite(done) ? Math.min(Math.max(done, 0), 1) : null;
}
