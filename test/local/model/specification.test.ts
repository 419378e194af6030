import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { checkedFetch } from "./support/checked-fetch.ts";
import { instant, modelWorld } from "./support/model-world.ts";
import { specification } from "./support/specification.ts";

const absent =
  specification === null && "the vendors' schemas are not here: no answer is held against them in this run";

test("every answer and event in these tests is held against the vendors' schemas", {
  skip: absent,
}, async (context) => {
  const { client, checked } = await modelWorld(context, instant);
  const before = checked.checked();
  const stream = await client.responses.create({ model: "rules", input: "Hello", stream: true });
  let events = 0;
  for await (const _event of stream) events += 1;
  await checked.assertAllFit();
  assert.ok(checked.checked() - before >= events);
});

for (const [what, answer] of [
  ["a member of the wrong kind", { object: "response", id: 5 }],
  ["an item that is none", { object: "response", output: [{ type: "message", id: "msg_1" }] }],
] as const) {
  test(`the schemas notice ${what}`, { skip: absent }, async (context) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    context.after(() => void server.close());
    const address = server.address();
    const { fetch, assertAllFit } = checkedFetch();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    await (await fetch(`${url}/v1/responses`, { method: "POST" })).text();
    await assert.rejects(assertAllFit(), /as Response/);
  });
}
