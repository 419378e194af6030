import type { CommitKind } from "../../local/host/passing-points.ts";
import type { Agent } from "../../src/agent/define-agent.ts";
import type { Model } from "../../src/model/model.ts";
import { RunEvent } from "../../src/run/run-event.ts";
import type { RunStore } from "../../src/store/run-store.ts";
import type { WebhookSender } from "../../src/webhooks/webhook-sender.ts";

/** Called when the named point is passed; it may not come back. */
export type Pass = (point: string) => void;

/** Every event but the first, which is a part of `create`; a new one is a new point, and asks for its row and situation. */
const committed = RunEvent.options.map(({ shape }) => shape.type.value).filter((type) => type !== "run-queued");

const appEffects = [
  "store.create",
  "store.setting",
  "store.change-setting",
  "store.sleep",
  ...committed.map((type) => `store.commit-${type}` as const),
  "store.payload-before",
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
type AppEffect = (typeof appEffects)[number];

/** The app's effects, and the host's own commits. A process may die before and after each of them. */
export type Effect = AppEffect | `host.${CommitKind}-commit`;

/** Every point of the app: before and after each effect. The local host has points of its own. */
export const appCrashPoints = appEffects.flatMap((effect) => [before(effect), after(effect)]);

export function before(effect: Effect): string {
  return effect.replace(".", ".before-");
}

export function after(effect: Effect): string {
  return effect.replace(".", ".after-");
}

async function around<T>(pass: Pass, effect: AppEffect, take: () => Promise<T>): Promise<T> {
  pass(before(effect));
  const result = await take();
  pass(after(effect));
  return result;
}

/** The store, passing a point before and after each write; an update's points are named by the events it writes. */
export function crashingStore(store: RunStore, pass: Pass): RunStore {
  return {
    ...store,
    setting: (name, proposed) => around(pass, "store.setting", () => store.setting(name, proposed)),
    changeSetting: (name, decide) => around(pass, "store.change-setting", () => store.changeSetting(name, decide)),
    create: (start, input) => around(pass, "store.create", () => store.create(start, input)),
    putPayload(runId, name, text) {
      const part = name.startsWith("turn-") ? "turn" : name === "before" ? "before" : "result";
      const effect = `store.payload-${part}` as const;
      return around(pass, effect, () => store.putPayload(runId, name, text));
    },
    bury: (runId, decide) => around(pass, "store.bury", () => store.bury(runId, decide)),
    empty: (emptied) => around(pass, "store.empty", () => store.empty(emptied)),
    forget: (runId) => around(pass, "store.forget", () => store.forget(runId)),
    async update(runId, decide) {
      let effects: AppEffect[] = [];
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

function effectsOf(types: readonly RunEvent["type"][]): AppEffect[] {
  if (types.length === 0) return ["store.sleep"];
  return committed.filter((type) => types.includes(type)).map((type) => `store.commit-${type}` as const);
}

export function crashingModel(model: Model, pass: Pass): Model {
  return {
    terms: model.terms,
    start: (turn, signal) => around(pass, "model.start", () => model.start(turn, signal)),
    look: (token, signal) => around(pass, "model.look", () => model.look(token, signal)),
    cancel: (token) => around(pass, "model.cancel", () => model.cancel(token)),
    delete: (token) => around(pass, "model.delete", () => model.delete(token)),
  };
}

export function crashingSender(sender: WebhookSender, pass: Pass): WebhookSender {
  return { ...sender, send: (message) => around(pass, "webhook.send", () => sender.send(message)) };
}

/** The model, whose n-th POST of this process asks the model server for the n-th of `faults`. */
export function faultyModel(model: Model, faults: Readonly<Record<string, unknown>>): Model {
  let starts = 0;
  return {
    ...model,
    start(turn, signal) {
      starts += 1;
      const fault = faults[starts];
      const metadata = { ...turn.metadata, ...(fault !== undefined && { sim_fault: JSON.stringify(fault) }) };
      return model.start({ ...turn, metadata }, signal);
    },
  };
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
