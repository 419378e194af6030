import assert from "node:assert/strict";
import { startModelServer } from "../../../local/model/start-model-server.ts";
import type { Model } from "../../../src/model/model.ts";
import type { Fault, ModelWorld } from "../../contract/model.ts";
import { deadAddress, errorBody, type Reply, scriptedProvider } from "./scripted-provider.ts";

type ModelAt = (url: string) => Model;

/** An adapter before a provider of a few lines: `answer` does what it is asked, and makes what it begins meet `fault`. */
export async function scriptedWorldOf(
  modelAt: ModelAt,
  { answer, endTurn }: { answer(line: string, fault: Fault | undefined): Reply; endTurn(): void },
): Promise<ModelWorld> {
  const faults: Fault[] = [];
  const provider = await scriptedProvider(({ line }) => {
    const fault = faults.shift();
    switch (fault?.kind) {
      case "status": {
        const headers = { ...(fault.retryAfter !== undefined && { "retry-after": String(fault.retryAfter) }) };
        return { status: fault.status, body: errorBody(fault.code ?? null), headers };
      }
      case "drop-before":
      case "hang":
        return fault.kind;
      case "drop-after":
        answer(line, undefined);
        return "drop-after";
      case "fail":
      case "stuck":
      case undefined:
        return answer(line, fault);
    }
  });
  return {
    model: modelAt(provider.url),
    unreachable: modelAt(await deadAddress()),
    meets: (fault) => void faults.push(fault),
    endTurn,
    requests: () => provider.received.length,
    close: provider.close,
  };
}

/** An adapter before the local model server, whose clock the test moves; `ordered`: what stands there for a fault. */
export async function localWorldOf(
  modelAt: ModelAt,
  turnSeconds: number,
  ordered: (fault: Fault) => object,
): Promise<ModelWorld> {
  let now = Date.UTC(2026, 10, 24);
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds,
    queueSeconds: Math.min(1, turnSeconds),
    seed: "test",
    now: () => now,
  });
  return {
    model: modelAt(server.url),
    unreachable: modelAt(await deadAddress()),
    async meets(fault) {
      const body = JSON.stringify({ fault: ordered(fault) });
      const response = await fetch(`${server.url}/admin/faults`, { method: "POST", body });
      assert.equal(response.status, 200, await response.text());
    },
    endTurn() {
      now += turnSeconds * 1000;
    },
    async requests() {
      const journal: { requests: unknown[] } = JSON.parse(await (await fetch(`${server.url}/admin/journal`)).text());
      return journal.requests.length;
    },
    close: server.close,
  };
}
