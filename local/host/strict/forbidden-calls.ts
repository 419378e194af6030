import crypto from "node:crypto";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";
import { notice, noticing, replaced } from "./notice.ts";

/**
 * Watches what gives another value at each replay, or waits for something that no replay can repeat. Only calls from
 * the app's own files count, and only within an orchestrator. Returns a function that puts everything back.
 */
export function watchForbiddenCalls(): () => void {
  const restore = [...watchTime(), ...watchChance(), ...watchOutside()];
  syncBuiltinESMExports(); // what a module has imported by its name follows
  return () => {
    for (const each of restore) each();
    syncBuiltinESMExports();
  };
}

const clockInstead = "read context.df.currentUtcDateTime";
const timerInstead = "yield context.df.createTimer(…)";

function watchTime(): (() => void)[] {
  const clock: typeof performance = Object.getPrototypeOf(performance);
  return [
    ...watchDate(),
    replaced(clock, "now", (original) => noticing(original, "performance.now()", clockInstead)),
    replaced(process.hrtime, "bigint", (original) => noticing(original, "process.hrtime.bigint()", clockInstead)),
    replaced(process, "hrtime", (original) => noticing(original, "process.hrtime()", clockInstead)),
    ...(["setTimeout", "setInterval", "setImmediate"] as const).map((name) =>
      replaced(globalThis, name, (original) => noticing(original, `${name}()`, timerInstead)),
    ),
    replaced(timers, "setTimeout", (original) => noticing(original, "setTimeout()", timerInstead)),
  ];
}

/** `value.constructor === Date` holds for a date as it does without us. */
function watchDate(): (() => void)[] {
  const restore = replaced(globalThis, "Date", watchedDate);
  const prototype: { constructor: unknown } = Date.prototype;
  return [restore, replaced(prototype, "constructor", () => Date)];
}

function watchedDate(original: DateConstructor): DateConstructor {
  const now = noticing(original.now, "Date.now()", clockInstead);
  return new Proxy(original, {
    apply(target) {
      notice("Date()", clockInstead);
      return target();
    },
    construct(target, values, newTarget) {
      if (values.length === 0) notice("new Date()", clockInstead);
      return Reflect.construct(target, values, newTarget);
    },
    get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
  });
}

function watchChance(): (() => void)[] {
  const draw = "draw it in an activity";
  const guid = "take context.df.newGuid(context.df.instanceId)";
  const web: typeof globalThis.crypto = Object.getPrototypeOf(globalThis.crypto);
  return [
    replaced(Math, "random", (original) => noticing(original, "Math.random()", draw)),
    replaced(web, "getRandomValues", (original) => noticing(original, "crypto.getRandomValues()", draw)),
    replaced(crypto, "randomBytes", (original) => noticing(original, "randomBytes()", draw)),
    replaced(crypto, "randomInt", (original) => noticing(original, "randomInt()", draw)),
    ...[web, crypto].map((owner) =>
      replaced(owner, "randomUUID", (original) => noticing(original, "randomUUID()", guid)),
    ),
  ];
}

const fileCalls = ["readFile", "writeFile", "appendFile", "readdir", "stat", "access"] as const;
const fileCallsSync = [
  "readFileSync",
  "writeFileSync",
  "appendFileSync",
  "readdirSync",
  "statSync",
  "existsSync",
] as const;

/** The environment, files and the network. */
function watchOutside(): (() => void)[] {
  const instead = "do it in an activity";
  const settings = "read it where the app is loaded, or in an activity";
  return [
    replaced(globalThis, "fetch", (original) => noticing(original, "fetch()", "call it in an activity")),
    ...fileCalls.map((name) => replaced(fs, name, (original) => noticing(original, `${name}()`, instead))),
    ...fileCalls.map((name) => replaced(fs.promises, name, (original) => noticing(original, `${name}()`, instead))),
    ...fileCallsSync.map((name) => replaced(fs, name, (original) => noticing(original, `${name}()`, instead))),
    replaced(process, "env", (original) => {
      const get = (target: typeof original, key: string | symbol) => {
        if (typeof key === "string") notice(`process.env.${key}`, settings);
        return Reflect.get(target, key);
      };
      // A plain set would reach process.env with half a descriptor, which it refuses.
      const set = (target: typeof original, key: string | symbol, value: unknown) => Reflect.set(target, key, value);
      return new Proxy(original, { get, set });
    }),
  ];
}
