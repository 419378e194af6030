import { NightshiftError } from "../errors.ts";
import { type CallRequest, TurnOutput } from "../model/model.ts";
import type { Run } from "../run/run.ts";
import type { RunStore } from "../store/run-store.ts";

/** A call of the run's last answered turn, as the model asked for it. */
export async function requestOf(
  run: Run,
  callId: string,
  { store }: { store: Pick<RunStore, "getPayload"> },
): Promise<CallRequest> {
  if (!run.lastOutput) throw new NightshiftError("internal", `Call ${callId} of ${run.id} stands in no turn.`);
  const output = TurnOutput.parse(JSON.parse(await store.getPayload(run.id, run.lastOutput)));
  const request = output.calls.find(({ id }) => id === callId);
  if (!request) throw new NightshiftError("internal", `Call ${callId} is not in turn ${run.turn.n} of ${run.id}.`);
  return request;
}
