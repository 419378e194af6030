import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";
import OpenAI from "openai";
import type { ModelServerOptions } from "../../../../local/model/settings.ts";
import { startModelServer } from "../../../../local/model/start-model-server.ts";
import { ProviderJournal } from "../../../support/provider-journal.ts";
import { checkedFetch } from "./checked-fetch.ts";

/**
 * A model server whose clock the test moves, and the unmodified client in front of it. Turns take a minute; `instant`
 * makes them take no time. When the test ends, every answer and event that was seen must have fitted its schema.
 */
export async function modelWorld(context: TestContext, options: Partial<ModelServerOptions> = {}) {
  let now = Date.UTC(2026, 10, 24, 12);
  const server = await startModelServer({
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    turnSeconds: 60,
    queueSeconds: 10,
    seed: "test",
    now: () => now,
    ...options,
  });
  const checked = checkedFetch();
  context.after(async () => {
    try {
      await checked.assertAllFit();
    } finally {
      await server.close();
    }
  });
  const admin = async (path: string, body?: unknown) => {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${server.url}/admin/${path}`, init);
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    return text;
  };
  return {
    url: server.url,
    server,
    checked,
    client: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any", maxRetries: 0, fetch: checked.fetch }),
    /** The client as it comes: two retries. */
    retrying: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "any", fetch: checked.fetch }),
    pass(seconds: number) {
      now += seconds * 1000;
    },
    now: () => now,
    /** The value of a promise, whatever turns have to pass for it. */
    async inTime<T>(promise: PromiseLike<T>): Promise<T> {
      const pending = Symbol("pending");
      for (;;) {
        const first = await Promise.race([promise, setTimeout(20, pending)]);
        if (first !== pending) return promise;
        now += 60_000;
      }
    },
    fault: (fault: object, order: object = {}) => admin("faults", { fault, ...order }),
    script: (match: string, turns: readonly object[]) => admin("script", { match, turns }),
    reset: () => admin("reset", {}),
    async journal() {
      return ProviderJournal.parse(JSON.parse(await admin("journal"))).requests;
    },
  };
}

/** Turns that are over as soon as they are asked for. */
export const instant = { turnSeconds: 0, queueSeconds: 0 };
