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

/** The adapter before a provider of a few lines: a response is in progress at its first look, ended at the second. */
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
    requests: () => provider.received.length,
    close: provider.close,
  };
}

type State = { looks: number; fault: Fault | undefined; cancelled: boolean };

function responseTable() {
  const responses = new Map<string, State>();
  return {
    answer(line: string, fault: Fault | undefined): Reply {
      const [, method, id = "", verb] =
        /^(\w+) \/v1\/responses(?:\/(\w+))?(?:\/(\w+))?$/.exec(line) ?? assert.fail(line);
      if (method === "POST" && id === "") {
        const made = `resp_${responses.size + 1}`;
        responses.set(made, { looks: 0, fault, cancelled: false });
        return { status: 200, body: wireResponse({ id: made, status: "queued", usage: null }) };
      }
      const response = responses.get(id);
      if (!response) return { status: 404, body: errorBody(null, `Response with id '${id}' not found.`) };
      const ended = response.fault?.kind !== "stuck" && response.looks >= 1;
      if (verb === "cancel") {
        if (ended && !response.cancelled)
          return { status: 400, body: errorBody(null, "Cannot cancel a completed response.") };
        response.cancelled = true;
      } else response.looks++;
      return { status: 200, body: wireResponse({ id, ...stateOf(response, ended) }) };
    },
  };
}

function stateOf({ cancelled, fault }: State, ended: boolean) {
  if (cancelled) return { status: "cancelled", usage: null };
  if (!ended) return { status: "in_progress", usage: null };
  if (fault?.kind === "fail") return { status: "failed", error: { code: fault.code, message: "This was ordered." } };
  return { output: [messageItem(textPart("225 million kilometres."))] };
}

/** The adapter before the local model server. */
export async function localWorld(): Promise<ModelWorld> {
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds: 0.04,
    queueSeconds: 0.01,
    seed: "test",
    now: Date.now,
  });
  return {
    model: modelAt(server.url),
    unreachable: modelAt(await deadAddress()),
    async meets(fault) {
      const response = await fetch(`${server.url}/admin/faults`, { method: "POST", body: JSON.stringify({ fault }) });
      assert.equal(response.status, 200, await response.text());
    },
    async requests() {
      const journal: { requests: unknown[] } = JSON.parse(await (await fetch(`${server.url}/admin/journal`)).text());
      return journal.requests.length;
    },
    close: server.close,
  };
}
