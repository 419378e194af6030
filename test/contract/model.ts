import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { encodeToken } from "../../src/agent/continuation-token.ts";
import type { LookAnswer, Model, StartAnswer, Terms, TurnRequest } from "../../src/model/model.ts";

/** What the next request meets instead of an answer. */
export type Fault =
  | { kind: "status"; status: number; code?: string; retryAfter?: number }
  /** The connection is cut before anything was done. */
  | { kind: "drop-before" }
  /** The request is carried out, then the connection is cut. */
  | { kind: "drop-after" }
  /** No answer comes. */
  | { kind: "hang" }
  /** The response is made, and will fail with `code`. */
  | { kind: "fail"; code: string }
  /** The response is made, and will never end. */
  | { kind: "stuck" };

/** A model with a provider behind it that works until the test says so, and then says something. */
export interface ModelWorld {
  model: Model;
  /** A model whose provider's address nobody listens on. */
  unreachable: Model;
  meets(fault: Fault): void | Promise<void>;
  /** The time of a turn passes: what was begun has ended. */
  endTurn(): void;
  /** How many requests have reached the provider. */
  requests(): number | Promise<number>;
  close(): Promise<void>;
}

const question = [{ role: "user", content: "How far is Mars?" }] as const;

/** A first turn in the background, of which a test says only what matters to it. */
export function turnRequest(matters: Partial<TurnRequest> = {}): TurnRequest {
  return {
    api: null,
    model: null,
    instructions: "Answer in one sentence.",
    input: { messages: question },
    previousResponseId: null,
    tools: [],
    background: true,
    metadata: {},
    ...matters,
  };
}

type Check = (world: ModelWorld, context: TestContext) => Promise<void>;

/** Registers a test for every promise of the port `Model`. */
export function modelContract(
  name: string,
  openWorld: () => Promise<ModelWorld>,
  terms: Pick<Terms, "keepsResponses">,
): void {
  const { keepsResponses } = terms;
  const register = (fact: string, check: Check, skip: string | false) =>
    test(`${name}: ${fact}`, { skip }, async (context) => {
      const world = await openWorld();
      try {
        await check(world, context);
      } finally {
        await world.close();
      }
    });
  const promise = (fact: string, check: Check) => register(fact, check, false);
  /** A promise about responses that the provider keeps: there is nothing to look at, to cancel or to delete elsewhere. */
  const promiseOfKept = (fact: string, check: Check) =>
    register(fact, check, !keepsResponses && "the provider keeps no responses: an answer comes within its request");

  promise("it says what it is", async ({ model }) => {
    const { keepsResponses: keeps, startSeconds } = model.terms(null);
    assert.equal(keeps, keepsResponses);
    assert.ok(startSeconds > 0);
  });

  promise("a turn is answered in one request, with its id, words and usage", async (world) => {
    const ended = await answerTo(world, turnRequest());
    assert.ok(ended.kind === "completed", ended.kind);
    assert.notEqual(ended.output.responseId, "");
    assert.notEqual(ended.output.text, "");
    assert.ok(ended.usage.totalTokens > 0);
    assert.equal(await world.requests(), keepsResponses ? 2 : 1);
  });

  promiseOfKept(
    "a turn begun in the background is pending at once, and looks find its answer",
    async ({ model, endTurn }) => {
      const begun = await begin(model);
      assert.deepEqual(await model.look(begun.token), begun);
      endTurn();
      const ended = await model.look(begun.token);
      assert.ok(ended.kind === "completed", ended.kind);
      assert.equal(ended.output.responseId, begun.responseId);
      assert.notEqual(ended.output.text, "");
      assert.ok(ended.usage.totalTokens > 0);
    },
  );

  promiseOfKept("a look after the end gives the same answer again", async ({ model, endTurn }) => {
    const { token } = await begin(model);
    endTurn();
    assert.deepEqual(await model.look(token), await model.look(token));
  });

  promiseOfKept("a token is short text that fits anywhere", async ({ model }) => {
    const { token } = await begin(model);
    assert.match(token, /^[A-Za-z0-9_-]+$/);
    assert.ok(token.length < 300, `${token.length} characters`);
  });

  promiseOfKept("each verb is one request", async (world) => {
    const { model } = world;
    const { token } = await begin(model);
    assert.equal(await world.requests(), 1);
    await model.look(token);
    assert.equal(await world.requests(), 2);
    await model.cancel(token);
    assert.equal(await world.requests(), 3);
  });

  for (const status of [408, 409, 429, 500, 503]) {
    promise(`a ${status} is not asked again by the adapter`, async (world) => {
      const { model, meets } = world;
      const token = keepsResponses ? (await begin(model)).token : null;
      const asks = token === null ? [] : [() => model.look(token), () => model.cancel(token)];
      for (const ask of [() => model.start(turnRequest()), ...asks]) {
        const before = await world.requests();
        await meets({ kind: "status", status });
        await ask();
        assert.equal((await world.requests()) - before, 1);
      }
    });
  }

  for (const [status, retryable] of [
    [400, false],
    [401, true],
    [403, true],
    [404, false],
    [409, true],
    [413, false],
    [422, false],
    [429, true],
  ] as const) {
    promise(
      `a start answered ${status} is refused, ${retryable ? "for now" : "for good"}`,
      async ({ model, meets }) => {
        await meets({ kind: "status", status });
        const answer = await model.start(turnRequest());
        assert.ok(answer.kind === "refused", answer.kind);
        assert.equal(answer.retryable, retryable);
        assert.equal(answer.throttled, status === 429);
      },
    );
  }

  for (const fault of [
    { kind: "status", status: 408 },
    { kind: "status", status: 500 },
    { kind: "status", status: 503 },
    { kind: "drop-before" },
    { kind: "drop-after" },
  ] as const) {
    const title = fault.kind === "status" ? `answered ${fault.status}` : `whose connection meets ${fault.kind}`;
    promise(`nobody knows the end of a start ${title}`, async (world) => {
      await world.meets(fault);
      const answer = await world.model.start(turnRequest());
      assert.equal(answer.kind, "unknown");
      assert.equal(await world.requests(), 1);
    });

    promiseOfKept(
      `a look ${title} is unavailable, and the next one finds the answer`,
      async ({ model, meets, endTurn }) => {
        const { token } = await begin(model);
        await meets(fault);
        assert.equal((await model.look(token)).kind, "unavailable");
        endTurn();
        assert.equal((await model.look(token)).kind, "completed");
      },
    );
  }

  promise("the provider's own wait is told", async ({ model, meets }) => {
    await meets({ kind: "status", status: 429, retryAfter: 7 });
    const refused = await model.start(turnRequest());
    assert.ok(refused.kind === "refused" && refused.throttled && refused.retryAfterSeconds === 7);
  });

  promiseOfKept("the provider's own wait before another look is told", async ({ model, meets }) => {
    const { token } = await begin(model);
    await meets({ kind: "status", status: 503, retryAfter: 8 });
    const unavailable = await model.look(token);
    assert.ok(unavailable.kind === "unavailable" && unavailable.throttled && unavailable.retryAfterSeconds === 8);
  });

  promise("a start where nobody listens is refused for now: nothing was made", async ({ unreachable }) => {
    const answer = await unreachable.start(turnRequest());
    assert.ok(answer.kind === "refused" && answer.retryable, answer.kind);
  });

  promiseOfKept("a look and a cancel where nobody listens are unavailable", async ({ model, unreachable }) => {
    const { token } = await begin(model);
    assert.equal((await unreachable.look(token)).kind, "unavailable");
    assert.equal((await unreachable.cancel(token)).kind, "unavailable");
  });

  for (const bare of [false, true]) {
    promise(`a conversation told again${bare ? " bare" : ""} goes on`, async (world) => {
      const answered = await answerTo(world, turnRequest());
      assert.ok(answered.kind === "completed", answered.kind);
      const history = { messages: question, turns: [{ output: answered.output, outputs: [] }] };
      const again = await answerTo(world, turnRequest({ input: { history, bare } }));
      assert.equal(again.kind, "completed");
    });
  }

  promise("a start whose chain is refused says that another form may do", async ({ model, meets }) => {
    await meets({ kind: "status", status: 400, code: "previous_response_not_found" });
    const refused = await model.start(turnRequest());
    assert.ok(refused.kind === "refused" && refused.historyRefused && !refused.retryable);
    await meets({ kind: "status", status: 400, code: "invalid_value" });
    const wrong = await model.start(turnRequest());
    assert.ok(wrong.kind === "refused" && !wrong.historyRefused);
  });

  promise("a start that is aborted has an unknown end", async ({ model, meets }) => {
    await meets({ kind: "hang" });
    assert.equal((await model.start(turnRequest(), AbortSignal.timeout(50))).kind, "unknown");
  });

  promiseOfKept("a look that is aborted is unavailable", async ({ model, meets }) => {
    const { token } = await begin(model);
    await meets({ kind: "hang" });
    assert.equal((await model.look(token, AbortSignal.timeout(50))).kind, "unavailable");
  });

  for (const [code, retryable] of [
    ["server_error", true],
    ["invalid_prompt", false],
  ] as const) {
    promise(
      `a response that ends with ${code} is a failure ${retryable ? "to try" : "not to try"} again`,
      async (world) => {
        await world.meets({ kind: "fail", code });
        const ended = await answerTo(world, turnRequest());
        assert.ok(ended.kind === "failed", ended.kind);
        assert.notEqual(ended.responseId, "");
        assert.deepEqual([ended.code, ended.retryable], [code, retryable]);
      },
    );
  }

  promiseOfKept("a response that the provider no longer has is lost", async ({ model, meets }) => {
    const { token, responseId } = await begin(model);
    await meets({ kind: "status", status: 404 });
    assert.deepEqual(await model.look(token), { kind: "lost", responseId });
  });

  promiseOfKept("a response that is cancelled looks cancelled", async ({ model, meets, endTurn }) => {
    await meets({ kind: "stuck" });
    const { token, responseId } = await begin(model);
    endTurn();
    assert.equal((await model.look(token)).kind, "pending");
    assert.deepEqual(await model.cancel(token), { kind: "asked" });
    const ended = await model.look(token);
    assert.ok(ended.kind === "cancelled" && ended.responseId === responseId, ended.kind);
  });

  promiseOfKept("a cancel after the end asks, and the answer stays", async ({ model, endTurn }) => {
    const { token } = await begin(model);
    endTurn();
    const ended = await model.look(token);
    assert.deepEqual(await model.cancel(token), { kind: "asked" });
    assert.deepEqual(await model.look(token), ended);
  });

  promiseOfKept("a response that is deleted is lost, and may be deleted again", async ({ model, endTurn }) => {
    const { token, responseId } = await begin(model);
    endTurn();
    assert.deepEqual(await model.delete(token), { kind: "deleted" });
    assert.deepEqual(await model.delete(token), { kind: "deleted" });
    assert.deepEqual(await model.look(token), { kind: "lost", responseId });
  });

  for (const status of [400, 405, 409]) {
    promiseOfKept(`a deletion that is answered with ${status} is refused, and the response stays`, async (world) => {
      const { token } = await begin(world.model);
      world.endTurn();
      await world.meets({ kind: "status", status });
      assert.equal((await world.model.delete(token)).kind, "refused");
      assert.equal((await world.model.look(token)).kind, "completed");
    });
  }

  promiseOfKept("a deletion without an answer is unavailable, with the provider's wait", async (world) => {
    const { token } = await begin(world.model);
    await world.meets({ kind: "status", status: 429, retryAfter: 7 });
    const throttled = await world.model.delete(token);
    assert.ok(throttled.kind === "unavailable" && throttled.throttled && throttled.retryAfterSeconds === 7);
    await world.meets({ kind: "drop-after" });
    assert.equal((await world.model.delete(token)).kind, "unavailable");
    assert.deepEqual(await world.model.delete(token), { kind: "deleted" });
    assert.equal((await world.unreachable.delete(token)).kind, "unavailable");
  });

  promise("a token of another provider, and no token at all, make no request", async (world) => {
    for (const token of [encodeToken("another", "resp_1"), "", "garbage"]) {
      await assert.rejects(world.model.look(token), { code: "token_invalid" });
      await assert.rejects(world.model.cancel(token), { code: "token_invalid" });
      await assert.rejects(world.model.delete(token), { code: "token_invalid" });
    }
    assert.equal(await world.requests(), 0);
  });
}

/** Begins a turn, which must be accepted. */
export async function begin(model: Model, turn: TurnRequest = turnRequest()) {
  const begun: StartAnswer = await model.start(turn);
  assert.ok(begun.kind === "pending", JSON.stringify(begun));
  return begun;
}

/** How a turn that is accepted ends, at once or once its time has passed. */
async function answerTo({ model, endTurn }: ModelWorld, turn: TurnRequest): Promise<StartAnswer | LookAnswer> {
  const begun = await model.start(turn);
  if (begun.kind !== "pending") return begun;
  endTurn();
  return model.look(begun.token);
}
