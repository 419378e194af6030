import type { RunId } from "../run/ids.ts";
import type { Services } from "./services.ts";

/** Deletes a response that came to light when its run had been deleted: no journal names it, so that no deletion would. */
export async function deleteLateResponse(
  runId: RunId,
  { responseId, token, atWork }: { responseId: string; token: string; atWork: boolean },
  { model, log }: Pick<Services, "model" | "log">,
): Promise<void> {
  if (atWork) await model.cancel(token);
  const { kind } = await model.delete(token);
  if (kind === "deleted") return;
  log({ level: "error", message: `Response ${responseId} of a deleted run was not deleted`, runId });
}
