import { registerHooks } from "node:module";

/** The app for tests as a later deploy has it: its orchestrator is another one under the same name. */
const changed = new URL("./changed-run-agent.ts", import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier.endsWith("/run-agent.ts") && context.parentURL !== changed ? changed : specifier, context),
});
await import("./tested-app.ts");
