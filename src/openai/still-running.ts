import { responseIdOf } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import { OpenAiError } from "./openai-error.ts";

/** The connection may be held no longer; the run goes on. A 400, so that nothing between us and the client retries. */
export function stillRunning({ id }: Run, foregroundSeconds: number, stored = true): OpenAiError {
  const where = stored
    ? "Retrieve the response by its id"
    : `Because of \`store: false\` its answer can be read under /runs/${id} only, and is kept until it is deleted there`;
  const message =
    `Response '${responseIdOf(id)}' is still running after ${foregroundSeconds} s and goes on, but this connection ` +
    `may not be held any longer. ${where}, and start long work with \`background: true\`${stored ? "" : ", stored"}.`;
  return new OpenAiError(400, message, { code: "response_still_running" });
}
