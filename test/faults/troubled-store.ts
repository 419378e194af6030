import { NightshiftError } from "../../src/errors.ts";
import type { RunId } from "../../src/run/ids.ts";
import type { RunStore } from "../../src/store/run-store.ts";

/** The verbs that a run uses. */
export const runVerbs = ["get", "update", "putPayload", "getPayload", "events"] as const;
/** Also those that stand outside of a run: its start, the sweeper's questions, settings, and its deletion. */
export type Verb =
  | (typeof runVerbs)[number]
  | "create"
  | "overdue"
  | "dueTombstones"
  | "setting"
  | "changeSetting"
  | "bury"
  | "tombstone"
  | "empty"
  | "forget";

/**
 * What becomes of calls of the store: it fails before, or after, the call took effect; the answer takes so many
 * seconds, half of them before the effect; or another writer is faster by a moment.
 */
export type Trouble = "before" | "after" | { slowSeconds: number } | { rival: (runId: RunId) => Promise<unknown> };

/** The trouble that a call meets, if any: `call` counts the calls of that verb from 1, for each run by itself. */
export type Meet = (verb: Verb, call: number, runId: RunId | null) => Trouble | null;

/** A store that does what `meet` says, and counts. `sleep` is the clock's. */
export function troubledStore(store: RunStore, meet: Meet, sleep: (seconds: number) => Promise<void>) {
  const counts = new Map<string, number>();
  let met = 0;

  async function around<T>(verb: Verb, runId: RunId | null, effect: () => Promise<T>): Promise<T> {
    const call = (counts.get(`${runId} ${verb}`) ?? 0) + 1;
    counts.set(`${runId} ${verb}`, call);
    const trouble = meet(verb, call, runId);
    if (trouble === null) return effect();
    met += 1;
    if (trouble === "before") throw lost(verb, "and nothing was done");
    if (trouble === "after") {
      await effect();
      throw lost(verb, "after it was done");
    }
    if ("rival" in trouble) {
      if (runId !== null) await trouble.rival(runId);
      return effect();
    }
    await sleep(trouble.slowSeconds / 2);
    const result = await effect();
    await sleep(trouble.slowSeconds / 2);
    return result;
  }

  const troubled: RunStore = {
    ...store,
    create: (start, input) => around("create", start.runId, () => store.create(start, input)),
    get: (runId) => around("get", runId, () => store.get(runId)),
    update: (runId, decide) => around("update", runId, () => store.update(runId, decide)),
    putPayload: (runId, name, text) => around("putPayload", runId, () => store.putPayload(runId, name, text)),
    getPayload: (runId, ref) => around("getPayload", runId, () => store.getPayload(runId, ref)),
    events: (runId, after, limit) => around("events", runId, () => store.events(runId, after, limit)),
    overdue: (before, limit) => around("overdue", null, () => store.overdue(before, limit)),
    dueTombstones: (before, limit) => around("dueTombstones", null, () => store.dueTombstones(before, limit)),
    setting: (name, proposed) => around("setting", null, () => store.setting(name, proposed)),
    changeSetting: (name, decide) => around("changeSetting", null, () => store.changeSetting(name, decide)),
    bury: (runId, decide) => around("bury", runId, () => store.bury(runId, decide)),
    tombstone: (runId) => around("tombstone", runId, () => store.tombstone(runId)),
    empty: (emptied) => around("empty", emptied.runId, () => store.empty(emptied)),
    forget: (runId) => around("forget", runId, () => store.forget(runId)),
  };
  return {
    store: troubled,
    /** Calls that met trouble so far. */
    met: () => met,
    /** How often a run has called a verb; null: the calls that are no run's. */
    callsOf: (runId: RunId | null, verb: Verb): number => counts.get(`${runId} ${verb}`) ?? 0,
  };
}

function lost(verb: Verb, what: string): NightshiftError {
  return new NightshiftError("store_unavailable", `A test broke ${verb} off ${what}.`);
}
