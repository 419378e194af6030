import assert from "node:assert/strict";
import { after, test } from "node:test";
import { spaceNovelWriter } from "../../src/agents/space-novel-writer/space-novel-writer.ts";
import { startWholeApp } from "./support/whole-app.ts";

const hour = 3600;
const agent = spaceNovelWriter({ toolSeconds: 0 });
const whole = await startWholeApp({ agents: [agent], turnSeconds: 3 * hour });
after(() => whole.close());

test("a run whose model thinks for six hours is a test of a second or two", async () => {
  const { clock, host } = whole;
  const began = clock.now();
  const id = await whole.start(agent, "Write a very long space novel about the first city on Mars.");
  await host.ended(id);
  const answer = await fetch(`${host.url}/runs/${id}`);
  const { status, ledger }: { status: string; ledger: Record<string, number> } = JSON.parse(await answer.text());
  assert.deepEqual([status, ledger.responses, ledger.toolCalls], ["completed", 2, 2]);
  const hours = (clock.now() - began) / 1000 / hour;
  assert.ok(hours >= 6 && hours < 6.1, `${hours} hours, with ${ledger.looks} looks`);
});
