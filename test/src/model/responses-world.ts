import assert from "node:assert/strict";
import { responsesModel } from "../../../src/model/responses.ts";
import type { Fault, ModelWorld } from "../../contract/model.ts";
import { localWorldOf, scriptedWorldOf } from "./model-worlds.ts";
import { errorBody, messageItem, type Reply, textPart, wireResponse } from "./scripted-provider.ts";

function modelAt(url: string) {
  return responsesModel({ baseUrl: `${url}/v1`, apiKey: "key", model: "nightshift-rules" });
}

/** The adapter before a provider of a few lines. */
export function scriptedWorld(): Promise<ModelWorld> {
  return scriptedWorldOf(modelAt, responseTable());
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
export function localWorld(): Promise<ModelWorld> {
  return localWorldOf(modelAt, 60, (fault) => fault);
}
