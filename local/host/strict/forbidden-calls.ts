import { currentFindings } from "./findings.ts";

/**
 * Watches what gives another value at each replay, or waits for something that no replay can repeat. Only calls from
 * the app's own files count, and only within an orchestrator. Returns a function that puts everything back.
 */
export function watchForbiddenCalls(): () => void {
  const restore = [
    replaced(Math, "random", (original) => noticing(original, "Math.random()", "draw the number in an activity")),
    replaced(globalThis, "Date", watchedDate),
    ...(["setTimeout", "setInterval", "setImmediate"] as const).map((name) =>
      replaced(globalThis, name, (original) => noticing(original, `${name}()`, "yield context.df.createTimer(…)")),
    ),
    replaced(globalThis, "fetch", (original) => noticing(original, "fetch()", "call it in an activity")),
  ];
  return () => {
    for (const each of restore) each();
  };
}

function replaced<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  wrap: (original: Owner[Name]) => Owner[Name],
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value: wrap(owner[name]), configurable: true, writable: true });
  return () => {
    if (descriptor !== undefined) Object.defineProperty(owner, name, descriptor);
  };
}

function noticing<Function extends object>(original: Function, what: string, instead: string): Function {
  return new Proxy(original, {
    apply(target, self, values) {
      notice(what, instead);
      return Reflect.apply(target as (...values: unknown[]) => unknown, self, values); // only functions are wrapped
    },
  });
}

const clockInstead = "read context.df.currentUtcDateTime";

function watchedDate(original: DateConstructor): DateConstructor {
  const now = noticing(original.now, "Date.now()", clockInstead);
  return new Proxy(original, {
    construct(target, values, newTarget) {
      if (values.length === 0) notice("new Date()", clockInstead);
      return Reflect.construct(target, values, newTarget);
    },
    get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
  });
}

function notice(what: string, instead: string): void {
  const findings = currentFindings.getStore();
  if (findings === undefined) return;
  const caller = callerOf(new Error().stack ?? "");
  if (caller !== null) findings.report(`${what} at ${caller} is not the same when it is replayed: ${instead}.`);
}

/** The place in the app's own files; null when a package or Node itself made the call. */
function callerOf(stack: string): string | null {
  const frames = stack
    .split("\n")
    .slice(1)
    .filter((frame) => !frame.includes(import.meta.url) && !frame.includes("<anonymous>"));
  const frame = frames[0] ?? "";
  if (frame.includes("/node_modules/") || frame.includes("node:")) return null;
  return /[^/()\s]+:\d+:\d+/.exec(frame)?.[0] ?? null;
}
