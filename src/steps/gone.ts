import { NightshiftError } from "../errors.ts";

/** True for what the store says to whoever changes a run that was deleted. */
export function isGone(error: unknown): boolean {
  return error instanceof NightshiftError && error.code === "run_not_found";
}
