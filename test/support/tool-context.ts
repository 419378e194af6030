import type { ToolContext } from "../../src/agent/define-tool.ts";

/** What a tool is told when it is called by itself; a test says what matters to it. */
export function toolContext(matters: Partial<ToolContext> = {}): ToolContext {
  return { idempotencyKey: "key", signal: new AbortController().signal, progress: () => undefined, ...matters };
}
