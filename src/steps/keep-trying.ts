import { z } from "zod";
import { messageOf, NightshiftError } from "../errors.ts";
import type { Services } from "./services.ts";

const patienceSeconds = 60;

/**
 * Writes what cannot be had again (a token just received, a tool's result): repeated in place for up to a minute
 * before it rejects. The one exception to "retries live in the host".
 */
export async function keepTrying<T>(
  write: () => Promise<T>,
  { clock, log, randomHex }: Pick<Services, "clock" | "log" | "randomHex">,
): Promise<T> {
  const giveUpAt = clock.now() + patienceSeconds * 1000;
  for (let seconds = 0.1; ; seconds = Math.min(seconds * 2, 5)) {
    try {
      return await write();
    } catch (error) {
      if (isFinal(error) || clock.now() >= giveUpAt) throw error;
      log({ level: "warn", message: "A result could not be stored yet; trying again", error: messageOf(error) });
      const jitter = 0.5 + Number.parseInt(randomHex(1), 16) / 255;
      await clock.sleep(seconds * jitter, new AbortController().signal);
    }
  }
}

/** No repetition mends what the program itself got wrong, nor a run that is gone. */
function isFinal(error: unknown): boolean {
  if (error instanceof NightshiftError) return error.code !== "store_unavailable";
  return error instanceof z.ZodError || error instanceof RangeError || error instanceof TypeError;
}
