import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What is alive on this process's heap, in megabytes. */
export function heapMb(): number {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
