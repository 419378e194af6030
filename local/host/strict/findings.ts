import { AsyncLocalStorage } from "node:async_hooks";

/** What an orchestrator does that its author must not rely on; in the order in which it was seen. */
export interface Findings {
  report(finding: string): void;
  list(): readonly string[];
}

export function newFindings(): Findings {
  const found = new Set<string>(); // replay shows the same again and again
  return { report: (finding) => void found.add(finding), list: () => [...found] };
}

/** The findings of the orchestrator call that is running here, if one is. */
export const currentFindings = new AsyncLocalStorage<Findings>();
