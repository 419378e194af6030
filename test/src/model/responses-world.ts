import assert from "node:assert/strict";
import { startModelServer } from "../../../local/model/start-model-server.ts";
import { responsesModel } from "../../../src/model/responses.ts";
import type { Fault, ModelWorld } from "../../contract/model.ts";
import {
  deadAddress,
  errorBody,
  messageItem,
  type Reply,
  scriptedProvider,
  textPart,
  wireResponse,
} from "./scripted-provider.ts";

function modelAt(url: string) {
  return responsesModel({ baseUrl: `${url}/v1`, apiKey: "key", model: "nightshift-rules" });
}

/** The adapter before a provider of a few lines. */
export async function scriptedWorld(): Promise<ModelWorld> {
  const faults: Fault[] = [];
  const responses = responseTable();
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
        responses.answer(line, undefined);
        return "drop-after";
      case "fail":
      case "stuck":
      case undefined:
        return responses.answer(line, fault);
    }
  });
  return {
    model: modelAt(provider.url),
    unreachable: modelAt(await deadAddress()),
    meets: (fault) => void faults.push(fault),
    endTurn: responses.endTurn,
    requests: () => provider.received.length,
    close: provider.close,
  };
}

type State = { status: "in_progress" | "cancelled" | "ended"; fault: Fault | undefined };

function responseTable() {
  const responses = new Map<string, State>();
  return {
    endTurn() {
      for (const state of responses.values())
        if (state.status === "in_progress" && state.fault?.kind !== "stuck") state.status = "ended";
    },
    answer(line: string, fault: Fault | undefined): Reply {
      const [, method, id = "", verb] =
        /^(\w+) \/v1\/responses(?:\/(\w+))?(?:\/(\w+))?$/.exec(line) ?? assert.fail(line);
      if (method === "POST" && id === "") {
        const made = `resp_${responses.size + 1}`;
        responses.set(made, { status: "in_progress", fault });
        return { status: 200, body: wireResponse({ id: made, status: "queued", usage: null }) };
      }
      const state = responses.get(id);
      if (!state) return { status: 404, body: errorBody(null, `Response with id '${id}' not found.`) };
      if (method === "DELETE") {
        responses.delete(id);
        return { status: 200, body: { id, object: "response", deleted: true } };
      }
      if (verb === "cancel") {
        if (state.status === "ended")
          return { status: 400, body: errorBody(null, "Cannot cancel a completed response.") };
        state.status = "cancelled";
      }
      return { status: 200, body: wireResponse({ id, ...told(state) }) };
    },
  };
}

function told({ status, fault }: State) {
  if (status !== "ended") return { status, usage: null };
  if (fault?.kind === "fail") return { status: "failed", error: { code: fault.code, message: "This was ordered." } };
  return { output: [messageItem(textPart("225 million kilometres."))] };
}

/** The adapter before the local model server, whose clock the test moves. */
export async function localWorld(): Promise<ModelWorld> {
  const turnSeconds = 60;
  let now = Date.UTC(2026, 10, 24);
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds,
    queueSeconds: 1,
    seed: "test",
    now: () => now,
  });
  return {
    model: modelAt(server.url),
    unreachable: modelAt(await deadAddress()),
    async meets(fault) {
      const response = await fetch(`${server.url}/admin/faults`, { method: "POST", body: JSON.stringify({ fault }) });
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
