import path from "node:path";
import { loadWorker } from "../local/host/worker/load-worker.ts";

/** Loads one package as a worker does and prints how many milliseconds that took. */
const entry = path.resolve(process.argv[2] ?? "dist/main.mjs");
const began = performance.now();
await loadWorker(entry, path.dirname(entry), () => {});
console.log(performance.now() - began);
process.exit(0);
