import { currentFindings } from "./findings.ts";

/** Reports a call that an orchestrator's own files make; `instead` says how to write it. */
export function notice(what: string, instead: string): void {
  const findings = currentFindings.getStore();
  if (findings === undefined) return;
  const caller = callerOf(new Error().stack ?? "");
  if (caller !== null) findings.report(`${what} at ${caller} is not the same when it is replayed: ${instead}.`);
}

const here = new URL(".", import.meta.url).href;

/** The place in the app's own files; null when a package or Node itself made the call. */
function callerOf(stack: string): string | null {
  const frames = stack
    .split("\n")
    .slice(1)
    .filter((frame) => !frame.includes(here) && !frame.includes("<anonymous>"));
  const frame = frames[0] ?? "";
  if (frame.includes("/node_modules/") || frame.includes("node:")) return null;
  return /[^/()\s]+:\d+:\d+/.exec(frame)?.[0] ?? null;
}

/** The same function, whose calls are noticed. */
export function noticing<Function extends object>(original: Function, what: string, instead: string): Function {
  return new Proxy(original, {
    apply(target, self, values) {
      notice(what, instead);
      return Reflect.apply(target as (...values: unknown[]) => unknown, self, values); // only functions are wrapped
    },
  });
}

/** Puts something else in a property's place, and returns what puts it back. */
export function replaced<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  wrap: (original: Owner[Name]) => Owner[Name],
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value: wrap(owner[name]), configurable: true, writable: true });
  return () => {
    if (descriptor === undefined) delete owner[name];
    else Object.defineProperty(owner, name, descriptor);
  };
}
