import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

export interface InstanceStatus {
  runtimeStatus: string;
  input: unknown;
  output: unknown;
  customStatus: unknown;
  instanceId: string;
  historyEvents?: Record<string, unknown>[];
}

/** The addresses that a starter function answers with. */
export interface Started {
  id: string;
  statusQueryGetUri: string;
  sendEventPostUri: string;
  terminatePostUri: string;
  suspendPostUri: string;
  resumePostUri: string;
  restartPostUri: string;
  rewindPostUri: string;
  purgeHistoryDeleteUri: string;
}

export async function start(url: string, name: string, input?: unknown, id?: string): Promise<Started> {
  const query = id === undefined ? "" : `?id=${encodeURIComponent(id)}`;
  const body = input === undefined ? "" : JSON.stringify(input);
  const response = await fetch(`${url}/api/start/${name}${query}`, { method: "POST", body });
  const text = await response.text();
  assert.equal(response.status, 202, text);
  return JSON.parse(text);
}

export async function statusOf(started: Started, query = ""): Promise<InstanceStatus> {
  const response = await fetch(started.statusQueryGetUri + query);
  return JSON.parse(await response.text());
}

export async function raise(started: Started, name: string, data: unknown): Promise<number> {
  const uri = started.sendEventPostUri.replace("{eventName}", name);
  return post(uri, JSON.stringify(data), { "content-type": "application/json" });
}

export async function post(uri: string, body = "", headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(uri.replace("{text}", "because"), { method: "POST", body, headers });
  await response.arrayBuffer();
  return response.status;
}

const finished = ["Completed", "Failed", "Terminated"];

export function ended(started: Started): Promise<InstanceStatus> {
  return until(started, ({ runtimeStatus }) => finished.includes(runtimeStatus));
}

export async function completed(started: Started): Promise<unknown> {
  const status = await ended(started);
  assert.equal(status.runtimeStatus, "Completed", String(status.output));
  return status.output;
}

export function until(started: Started, holds: (status: InstanceStatus) => boolean): Promise<InstanceStatus> {
  return eventually(async () => {
    const status = await statusOf(started);
    return holds(status) ? status : undefined;
  });
}

/** Asks again until there is an answer; the limit is only for a host that hangs. */
export async function eventually<Answer>(ask: () => Promise<Answer | undefined> | Answer | undefined): Promise<Answer> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    assert.ok(Date.now() < deadline, "it did not come about in 30 s");
    await pause(15);
  }
}
