import type { Agent } from "../src/agent/define-agent.ts";
import { NightshiftError } from "../src/errors.ts";

/** What an activity needs beside its tool's own time: reading the run and storing the result, also where that takes a minute. */
const besideToolSeconds = 75;

/**
 * The platform ends the process of a function that runs longer than `functionTimeout` of host.json: every tool must be
 * through by then.
 * @throws NightshiftError `bad_agent`, naming each tool that would be cut off
 */
export function checkFunctionTimeout(agents: Iterable<Agent>, functionTimeout: string): void {
  const seconds = secondsOf(functionTimeout);
  const tooLong = [...agents].flatMap(({ name, tools }) =>
    tools
      .filter((tool) => tool.timeoutSeconds + besideToolSeconds > seconds)
      .map((tool) => `${tool.name} of agent ${name} may take ${tool.timeoutSeconds} s`),
  );
  if (tooLong.length === 0) return;
  throw new NightshiftError(
    "bad_agent",
    `functionTimeout ${functionTimeout} in host.json is too short: ${tooLong.join(", ")}. ` +
      `Raise it to ${besideToolSeconds} s more than the longest tool, or lower the tool's timeoutSeconds.`,
  );
}

/** Seconds of a .NET TimeSpan as it stands in host.json; `-1`: no bound. */
function secondsOf(timeSpan: string): number {
  if (timeSpan === "-1") return Number.POSITIVE_INFINITY;
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/.exec(timeSpan);
  if (!match) throw new NightshiftError("bad_settings", `functionTimeout in host.json: ${timeSpan} is not hh:mm:ss.`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
