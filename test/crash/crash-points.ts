import type { Agent } from "../../src/agent/define-agent.ts";
import type { Model } from "../../src/model/model.ts";
import type { RunEvent } from "../../src/run/run-event.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import type { WebhookSender } from "../../src/webhooks/webhook-sender.ts";

/** Called when the named point is passed; it may not come back. */
export type Pass = (point: string) => void;

const committed = [
  "run-started",
  "turn-intended",
  "turn-started",
  "turn-completed",
  "turn-failed",
  "turn-lost",
  "orphan-possible",
  "call-requested",
  "call-started",
  "call-completed",
  "call-failed",
  "cancel-requested",
  "late-answer-ignored",
  "orchestration-replaced",
  "run-completed",
  "run-failed",
  "run-cancelled",
  "run-incomplete",
  "webhook-delivered",
  "webhook-failed",
] as const satisfies readonly RunEvent["type"][];

const verbs = [
  "store.create",
  "store.sleep",
  ...committed.map((type) => `store.commit-${type}` as const),
  "store.payload-turn",
  "store.payload-result",
  "store.bury",
  "store.empty",
  "store.forget",
  "model.start",
  "model.look",
  "model.cancel",
  "model.delete",
  "webhook.send",
  "tool.execute",
] as const;
type Verb = (typeof verbs)[number];

/** Every point of the app: before and after each effect. The local host has points of its own. */
export const appCrashPoints = verbs.flatMap((verb) => [before(verb), after(verb)]);

function before(verb: Verb): string {
  const [port, effect] = verb.split(".");
  return `${port}.before-${effect}`;
}

function after(verb: Verb): string {
  const [port, effect] = verb.split(".");
  return `${port}.after-${effect}`;
}

async function around<T>(pass: Pass, verb: Verb, effect: () => Promise<T>): Promise<T> {
  pass(before(verb));
  const result = await effect();
  pass(after(verb));
  return result;
}

/** The store, passing a point before and after each write; an update's points are named by the events it writes. */
export function crashingStore(store: RunStore, pass: Pass): RunStore {
  return {
    ...store,
    create: (start, input) => around(pass, "store.create", () => store.create(start, input)),
    putPayload(runId, name, text) {
      const verb = name.startsWith("turn-") ? "store.payload-turn" : "store.payload-result";
      return around(pass, verb, () => store.putPayload(runId, name, text));
    },
    bury: (runId, decide) => around(pass, "store.bury", () => store.bury(runId, decide)),
    empty: (emptied) => around(pass, "store.empty", () => store.empty(emptied)),
    forget: (runId) => around(pass, "store.forget", () => store.forget(runId)),
    async update(runId, decide) {
      let effects: Verb[] = [];
      const stored = await store.update(runId, (run) => {
        const change = decide(run);
        effects = change ? effectsOf(change.events.map((event) => event.type)) : [];
        for (const effect of effects) pass(before(effect));
        return change;
      });
      for (const effect of effects) pass(after(effect));
      return stored;
    },
  };
}

function effectsOf(types: readonly RunEvent["type"][]): Verb[] {
  if (types.length === 0) return ["store.sleep"];
  return committed.filter((type) => types.includes(type)).map((type) => `store.commit-${type}` as const);
}

export function crashingModel(model: Model, pass: Pass): Model {
  return {
    provider: model.provider,
    start: (turn, signal) => around(pass, "model.start", () => model.start(turn, signal)),
    look: (token, signal) => around(pass, "model.look", () => model.look(token, signal)),
    cancel: (token) => around(pass, "model.cancel", () => model.cancel(token)),
    delete: (token) => around(pass, "model.delete", () => model.delete(token)),
  };
}

export function crashingSender(sender: WebhookSender, pass: Pass): WebhookSender {
  return { ...sender, send: (message) => around(pass, "webhook.send", () => sender.send(message)) };
}

export function crashingAgent(agent: Agent, pass: Pass): Agent {
  return {
    ...agent,
    tools: agent.tools.map((tool) => ({
      ...tool,
      invoke: (args, context) => around(pass, "tool.execute", () => tool.invoke(args, context)),
    })),
  };
}

/** Kills this process when `setting`'s point (`<point>:<k>`) is passed for the k-th time. */
export function killAt(setting: string): Pass {
  const [point, count] = setting.split(":");
  let left = Number(count);
  return (passed) => {
    if (passed !== point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  };
}
