import type { Agent } from "../src/agent/define-agent.ts";
import { NightshiftError } from "../src/errors.ts";
import type { Model } from "../src/model/model.ts";

/** What an activity needs beside its work: reading the run and storing the result, also where that takes a minute. */
const besideWorkSeconds = 75;

/**
 * The platform ends the process of a function that runs longer than `functionTimeout` of host.json: every tool, and
 * every request for a turn, must be through by then.
 * @throws NightshiftError `bad_agent`, naming each tool and agent that would be cut off
 */
export function checkFunctionTimeout(
  agents: Iterable<Agent>,
  model: Pick<Model, "terms">,
  functionTimeout: string,
): void {
  const seconds = secondsOf(functionTimeout);
  const tooLong = [...agents]
    .flatMap((agent) => worksOf(agent, model))
    .filter((work) => work.seconds + besideWorkSeconds > seconds)
    .map((work) => `${work.name} may take ${work.seconds} s`);
  if (tooLong.length === 0) return;
  throw new NightshiftError(
    "bad_agent",
    `functionTimeout ${functionTimeout} in host.json is too short: ${tooLong.join(", ")}. ` +
      `Raise it to ${besideWorkSeconds} s more than the longest, or lower the tool's timeoutSeconds or ` +
      "NIGHTSHIFT_CHAT_SECONDS.",
  );
}

function worksOf({ name, api, tools }: Agent, model: Pick<Model, "terms">): { name: string; seconds: number }[] {
  const { provider, startSeconds } = model.terms(api);
  return [
    ...tools.map((tool) => ({ name: `${tool.name} of agent ${name}`, seconds: tool.timeoutSeconds })),
    { name: `a turn of agent ${name} (${provider})`, seconds: startSeconds },
  ];
}

/** Seconds of a .NET TimeSpan as it stands in host.json; `-1`: no bound. */
function secondsOf(timeSpan: string): number {
  if (timeSpan === "-1") return Number.POSITIVE_INFINITY;
  const match = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/.exec(timeSpan);
  if (!match) throw new NightshiftError("bad_settings", `functionTimeout in host.json: ${timeSpan} is not hh:mm:ss.`);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
