import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import { freePort } from "../local/process/free-port.ts";
import { hostProgram } from "../local/process/programs.ts";
import type { StartedProcess } from "../local/process/start-process.ts";

const runs = 50;
const everyMs = 100;
const patienceMs = 30_000;

type Launch = (args: string[], more: Record<string, string>) => Promise<StartedProcess>;
interface Event {
  type: string;
  at: string;
  responseId?: string;
}
interface Delivery {
  responseId: string;
  dueAt: number;
}

/**
 * Milliseconds from the end of a response at the model server to the event that has its answer, for 50 runs of one turn,
 * ten of them begun each second. Looks are ten minutes apart: only webhooks can be the reason that it is seen.
 */
export async function webhookLateness(modelUrl: string, state: string, launch: Launch): Promise<number[]> {
  const port = await freePort();
  const provider = new OpenAI({ baseURL: `${modelUrl}/v1`, apiKey: "none" });
  const endpoint = await provider.webhooks.create({
    name: "bench",
    url: `http://127.0.0.1:${port}/webhooks/openai`,
    event_types: ["response.completed"],
  });
  const host = await launch([...hostProgram, "--entry", "bench/app.ts"], {
    PORT: String(port),
    NIGHTSHIFT_STATE: state,
    NIGHTSHIFT_MODEL_PORT: new URL(modelUrl).port,
    NIGHTSHIFT_LOOK_MIN_SECONDS: "600",
    NIGHTSHIFT_LOOK_MAX_SECONDS: "600",
    OPENAI_WEBHOOK_SECRET: String(endpoint.signing_secret),
  });
  await answerOf(host.url); // the first run of a process is slow, and not counted
  const answers: Promise<Event>[] = [];
  for (let n = 0; n < runs; n++) {
    answers.push(answerOf(host.url));
    await setTimeout(everyMs);
  }
  const answered = await Promise.all(answers);
  const { deliveries } = (await (await fetch(`${modelUrl}/admin/webhooks`)).json()) as { deliveries: Delivery[] };
  const endedAt = new Map(deliveries.map(({ responseId, dueAt }) => [responseId, dueAt]));
  await host.stop("SIGKILL");
  return answered.map(({ at, responseId = "" }) => Date.parse(at) - (endedAt.get(responseId) ?? Number.NaN));
}

/** Runs one turn; gives the event of its answer. */
async function answerOf(url: string): Promise<Event> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ input: "Go." });
  const response = await fetch(`${url}/agents/one-turn/runs`, { method: "POST", headers, body });
  const { id } = (await response.json()) as { id: string };
  const giveUpAt = performance.now() + patienceMs;
  while (performance.now() < giveUpAt) {
    await setTimeout(500);
    const page = (await (await fetch(`${url}/runs/${id}/events`)).json()) as { events: Event[] };
    const answer = page.events.find(({ type }) => type === "turn-completed");
    if (answer) return answer;
  }
  throw new Error(`No webhook has woken ${id} in ${patienceMs / 1000} s.`);
}
