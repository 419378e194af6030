import type { CallId, RunId } from "../run/ids.ts";
import { hasEnded } from "../run/run.ts";
import type { ApprovedCall } from "../run/run-event.ts";
import { runInputOf, type SaidItem } from "../steps/run-input.ts";
import { shortened } from "../steps/shortened.ts";
import type { OpenAiServices } from "./call.ts";
import { runIdOfItem } from "./ids.ts";
import { ownRun } from "./own-runs.ts";
import { shownItems } from "./story.ts";

/** A call on which the caller was asked to decide. */
export interface AskedCall {
  requestId: string;
  callId: CallId;
  name: string;
  arguments: string;
  askedBy: RunId;
  timeoutSeconds: number;
  /** The call's output, where a run that goes on from the asking one has had it executed already. */
  output: string | null;
}

/** The approval requests that an input names; each is looked up once. */
export interface AskedCalls {
  find(requestId: string): Promise<AskedCall | null>;
  /** Those found so far, by the request's id. */
  readonly found: ReadonlyMap<string, AskedCall>;
}

export function askedCalls(caller: string, services: OpenAiServices): AskedCalls {
  const found = new Map<string, AskedCall>();
  return {
    found,
    async find(requestId) {
      const asked = found.get(requestId) ?? (await askedCall(requestId, caller, services));
      if (asked) found.set(requestId, asked);
      return asked;
    },
  };
}

/** A tool that is gone still needs a bound, for the call that says so. */
const unknownToolSeconds = 60;

/** Null for what is no request of an ended run of the caller's. */
async function askedCall(requestId: string, caller: string, services: OpenAiServices): Promise<AskedCall | null> {
  const { store, agents } = services;
  const run = await ownRun(runIdOfItem(requestId), caller, services);
  if (!run || !hasEnded(run) || !run.approvalCalls) return null;
  const items = await shownItems(run, await runInputOf(run, store), store);
  const requests = items.filter((item) => item.type === "mcp_approval_request");
  const place = requests.findIndex(({ id }) => id === requestId);
  const request = requests[place];
  const callId = run.approvalCalls[place]; // both are in the order of the model's answer
  if (!request || !callId) return null;
  const result = (await store.claim(run.id, callId, () => null))?.result;
  const tool = agents.get(run.agent)?.tools.find(({ name }) => name === request.name);
  return {
    requestId,
    callId,
    name: request.name,
    arguments: request.arguments,
    askedBy: run.id,
    timeoutSeconds: tool?.timeoutSeconds ?? unknownToolSeconds,
    output: result ? shortened(await store.getPayload(run.id, result.output)) : null,
  };
}

/** The calls that `items` approve and that nobody has executed yet. */
export function approvedCalls(items: readonly SaidItem[], { found }: AskedCalls): ApprovedCall[] {
  return items.flatMap((item): ApprovedCall[] => {
    if ("role" in item || item.type !== "approval_response" || !item.approve || item.output !== null) return [];
    const asked = found.get(item.requestId);
    if (!asked) return [];
    const { callId, name: tool, timeoutSeconds, askedBy } = asked;
    return [{ callId, tool, timeoutSeconds, askedBy }];
  });
}
