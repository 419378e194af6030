import path from "node:path";

/** The arguments with which Node starts each local server, from whatever folder. */
export const modelProgram = [path.join(import.meta.dirname, "../model.ts")];

/** With bounds for the heap: without them V8 takes twice the memory for the same work. */
export const hostProgram = [
  "--max-semi-space-size=4",
  "--max-old-space-size=200",
  path.join(import.meta.dirname, "../host.ts"),
];
