import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { z } from "zod";
import { until } from "../support/until.ts";
import { type Service, startService } from "./support/service.ts";

const model = "assistant";

const Started = z.looseObject({ id: z.string(), status: z.string() });
const Page = z.object({ data: z.array(Started.extend({ previousRunId: z.string().nullable() })) });

/** One service for both: its host is killed in between. */
let service: Service;
before(async () => {
  service = await startService({ modelSeconds: 0.5 });
});
after(() => service.stop());

test("three runs that are queued in one session when the host is killed end one after the other", {
  timeout: 120_000,
}, async () => {
  const { client, host, startHost } = service;
  const start = async (input: string) => {
    const response = await fetch(`${host.url}/agents/${model}/runs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ input, sessionId: "ada" }),
    });
    return Started.parse(await response.json()).id;
  };
  const runs = [await start("My name is Ada."), await start("Count to 20."), await start("What is my name?")];
  await host.stop("SIGKILL");
  await startHost(new URL(host.url).port);
  const ended = await until(async () => {
    const { data } = Page.parse(await (await fetch(`${host.url}/runs?sessionId=ada`)).json());
    return data.every(({ status }) => status === "completed") && data.toReversed();
  });
  assert.deepEqual(
    ended.map(({ id, previousRunId }) => [id, previousRunId]),
    runs.map((id, index) => [id, runs[index - 1] ?? null]),
  );
  const { data } = await client.conversations.items.list("ada", { limit: 1 });
  assert.match(JSON.stringify(data), /is Ada/);
});

test("the openai client: a conversation over several responses, items by hand, deletion", {
  timeout: 120_000,
}, async () => {
  const { client, checked } = service;
  const items = [{ role: "user" as const, content: "My name is Ada." }];
  const { id } = await client.conversations.create({ items, metadata: { customer: "42" } });
  const conversation = { id };
  const named = await client.responses.create({ model, input: "What is my name?", conversation });
  assert.match(named.output_text, /is Ada/);
  const working = await client.responses.create({ model, input: "Count to 20.", conversation, background: true });
  await assert.rejects(client.responses.create({ model, input: "Hello", conversation }), {
    status: 400,
    code: "conversation_locked",
  });
  await until(async () => (await client.responses.retrieve(working.id)).status === "completed");
  const recalled = await client.responses.create({ model, input: "What is my name?", conversation });
  assert.match(recalled.output_text, /is Ada/);
  const roles: string[] = [];
  for await (const item of client.conversations.items.list(id, { order: "asc", limit: 2 })) {
    roles.push(item.type === "message" ? item.role : item.type);
  }
  assert.deepEqual(roles, ["user", ...Array.from({ length: 3 }, () => ["user", "assistant"]).flat()]);

  const { data } = await client.conversations.items.list(id, { order: "asc", limit: 1 });
  await client.conversations.items.delete(String(data[0]?.id), { conversation_id: id });
  await client.responses.delete(named.id);
  await client.responses.delete(recalled.id);
  const forgotten = await client.responses.create({ model, input: "What is my name?", conversation });
  assert.doesNotMatch(forgotten.output_text, /Ada/);
  assert.equal((await client.conversations.delete(id)).deleted, true);
  await assert.rejects(client.conversations.retrieve(id), { status: 404 });
  await checked.assertAllFit();
});
