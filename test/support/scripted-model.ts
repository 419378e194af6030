import assert from "node:assert/strict";
import { decodeToken, encodeToken } from "../../src/agent/continuation-token.ts";
import type { DeleteAnswer, Ending, LookAnswer, Model, StartAnswer, TurnRequest } from "../../src/model/model.ts";
import { noUsage } from "../../src/run/run-event.ts";

type Answers = {
  start: (turn: TurnRequest, responseId: string, signal: AbortSignal | undefined) => StartAnswer | Promise<StartAnswer>;
  look: (responseId: string) => LookAnswer;
};

/** A model whose answers a test writes; it keeps what it was asked. One that is asked more than its script complains. */
export interface ScriptedModel extends Model {
  starts: TurnRequest[];
  looks: string[];
  cancels: string[];
  deletes: string[];
  /** Each start takes the next of these; likewise each look. */
  script: { starts: Answers["start"][]; looks: Answers["look"][] };
  /** How a deletion ends; without a test's own word the response is deleted. */
  onDelete: (responseId: string) => DeleteAnswer;
}

const provider = "scripted";

export function scriptedModel(starts: Answers["start"][], looks: Answers["look"][]): ScriptedModel {
  const model: ScriptedModel = {
    terms: () => ({ provider, keepsResponses: true, startSeconds: 60 }),
    starts: [],
    looks: [],
    cancels: [],
    deletes: [],
    script: { starts: [...starts], looks: [...looks] },
    async start(turn, signal) {
      model.starts.push(turn);
      const answer = model.script.starts.shift();
      assert.ok(answer, `start number ${model.starts.length} is not in the script: ${JSON.stringify(turn.input)}`);
      return answer(turn, `resp_${model.starts.length}`, signal);
    },
    async look(token) {
      const responseId = decodeToken(provider, token);
      model.looks.push(responseId);
      const answer = model.script.looks.shift();
      assert.ok(answer, `look number ${model.looks.length} (${responseId}) is not in the script`);
      return answer(responseId);
    },
    async cancel(token) {
      const responseId = decodeToken(provider, token);
      model.cancels.push(responseId);
      return { kind: "asked" };
    },
    onDelete: () => ({ kind: "deleted" }),
    async delete(token) {
      const responseId = decodeToken(provider, token);
      model.deletes.push(responseId);
      return model.onDelete(responseId);
    },
  };
  return model;
}

/** The same of a provider that keeps no responses: each start is to be answered at once, and nothing is looked at. */
export function scriptedChat(...starts: Answers["start"][]): ScriptedModel {
  const terms = { provider, keepsResponses: false, startSeconds: 600 };
  return { ...scriptedModel(starts, []), terms: () => terms };
}

/** A start that is answered within its request. */
export function atOnce(ending: Ended): Answers["start"] {
  return (_turn, responseId) => ending(responseId);
}

const usage = { ...noUsage, inputTokens: 10, outputTokens: 5, totalTokens: 15 };

export const accepted: Answers["start"] = (_turn, responseId) => pending(responseId);

export function pending(responseId: string, pollAfterSeconds: number | null = null) {
  return { kind: "pending" as const, responseId, token: encodeToken(provider, responseId), pollAfterSeconds };
}

type Ended = (responseId: string) => Ending;

export function says(text: string): Ended {
  return (responseId) => ({ kind: "completed", output: { responseId, text, calls: [], items: [] }, usage });
}

/** Asks for calls: `name` or `name:id`; the arguments are `{}`. */
export function asksFor(...names: string[]): Ended {
  return (responseId) => {
    const calls = names.map((name, index) => {
      const [tool = "", id = `call_${responseId}_${index}`] = name.split(":");
      return { id, name: tool, arguments: "{}" };
    });
    return { kind: "completed", output: { responseId, text: "", calls, items: [] }, usage };
  };
}

export const notReady: Answers["look"] = (responseId) => pending(responseId);

export function fails(code: string, retryable: boolean): Ended {
  return (responseId) => ({ kind: "failed", responseId, code, message: "scripted", retryable, usage });
}

export function refuses(
  code: string,
  options: { retryable: boolean; historyRefused?: boolean; retryAfterSeconds?: number; throttled?: boolean },
): Answers["start"] {
  const { retryable, historyRefused = false, retryAfterSeconds = null, throttled = false } = options;
  const message = `scripted ${code}`;
  return () => ({ kind: "refused", code, message, retryable, historyRefused, retryAfterSeconds, throttled });
}

export const vanishes: Answers["start"] = () => ({
  kind: "unknown",
  code: "timeout",
  message: "nobody saw the end",
  retryAfterSeconds: null,
  throttled: false,
});
