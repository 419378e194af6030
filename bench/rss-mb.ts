import { readFileSync } from "node:fs";
import { round } from "./percentile.ts";

/** Resident memory of a process, where the system tells it (Linux). */
export function rssMb(pid: number | undefined): number | null {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? null : round(Number(kilobytes) / 1024);
  } catch {
    return null; // not Linux: the figure is left out, not guessed
  }
}
