import { appendFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { type Agent, defineAgent } from "../../src/agent/define-agent.ts";
import { defineTool } from "../../src/agent/define-tool.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import type { Pass } from "./crash-points.ts";

/** Where the tool's effects can be counted, whatever process had them. */
export const effectsFile = "published.txt";

/** An agent whose tool needs approval, and leaves a line in a file of the state folder. */
export function approvingAgent(state: string): Agent {
  const publishBook = defineTool({
    name: "publishBook",
    description: "Publishes a book",
    parameters: z.strictObject({ title: z.string() }),
    approval: { note: "Read it first." },
    execute({ title }) {
      appendFileSync(path.join(state, effectsFile), `${title}\n`);
      return `${title} was published.`;
    },
  });
  return defineAgent({
    name: "publisher",
    description: "",
    instructions: "Do what you are told.",
    tools: [publishBook],
  });
}

/** The agent, whose tool `name` needs approval here. */
export function askingFor(name: string, agent: Agent): Agent {
  const approval = { note: null, deadlineSeconds: 3600 };
  return { ...agent, tools: agent.tools.map((tool) => (tool.name === name ? { ...tool, approval } : tool)) };
}

/** The store, passing `store.after-claim` after each claim that it writes: only responses that approve have claims. */
export function dyingAtClaims(store: RunStore, pass: Pass): RunStore {
  return {
    ...store,
    async claim(runId, callId, decide) {
      let wrote = false;
      const stored = await store.claim(runId, callId, (found) => {
        const claim = decide(found);
        wrote = claim !== null;
        return claim;
      });
      if (wrote) pass("store.after-claim");
      return stored;
    },
  };
}
