import { z } from "zod";
import { InputItem, Message, ToolDeclaration, TurnOptions } from "../model/model.ts";
import { CallId, RunId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import type { RunStore } from "../store/run-store.ts";

/** The caller's decision on a call that the run before asked about: the model is told of the call's output in its place. */
const ApprovalResponse = z.strictObject({
  type: z.literal("approval_response"),
  /** As the caller knows it. */
  requestId: z.string(),
  callId: CallId,
  name: z.string(),
  arguments: z.string(),
  approve: z.boolean(),
  reason: z.string().nullable(),
  /** The call's output, where it was known when this was said; else the run has the call executed. */
  output: z.string().nullable(),
});

export const SaidItem = z.union([InputItem, ApprovalResponse]);
export type SaidItem = z.infer<typeof SaidItem>;

/** What a run was started with, as its input payload keeps it. Fields are only added. */
export const RunInput = z.object({
  v: z.literal(2),
  /** What the caller says; at first the outputs of calls that the previous run left open. */
  items: z.array(SaidItem),
  /** The places of those items that the caller did not send. Absent: there are none. */
  added: z.array(z.int().nonnegative()).optional(),
  /** The run that this one goes on from, and the response that its conversation ended with. */
  previous: z.object({ runId: RunId, responseId: z.string() }).nullable(),
  /** Added to the agent's own. */
  instructions: z.string().nullable(),
  /** The caller's own tools, added to the agent's: their calls are the caller's to carry out. */
  tools: z.array(ToolDeclaration),
  options: TurnOptions,
  /** Who decides on calls that need approval: its caller in the next run, or nobody. Absent: a person, while it waits. */
  approvalsBy: z.enum(["caller", "nobody"]).optional(),
  /** The agent's own calls are shown to the caller. Absent: they are not. */
  showsCalls: z.boolean().optional(),
  /** The request as the API that took it shows it again; nothing else reads it. */
  request: z.record(z.string(), z.unknown()),
  /** Where the run's end is reported. The run itself has only its host. */
  webhook: z.object({ url: z.string() }).optional(),
});
export type RunInput = z.infer<typeof RunInput>;

/** A list of messages is the older form, which runs that add nothing to the agent still have. */
const Stored = z.union([z.array(Message).transform(plainInput), RunInput]);

export async function runInputOf(
  run: Pick<Run, "id" | "input">,
  store: Pick<RunStore, "getPayload">,
): Promise<RunInput> {
  return Stored.parse(JSON.parse(await store.getPayload(run.id, run.input)));
}

/** What a run is asked: what it was started with, and what its session puts before that. */
export async function askedOf(
  run: Pick<Run, "id" | "input" | "thread">,
  store: Pick<RunStore, "getPayload">,
): Promise<RunInput> {
  const input = await runInputOf(run, store);
  if (!run.thread) return input;
  const { previous, before } = run.thread;
  const items = before ? z.array(InputItem).parse(JSON.parse(await store.getPayload(run.id, before))) : [];
  return { ...input, previous, items: [...items, ...input.items] };
}

/** The input of a run that adds nothing to the agent. */
export function plainInput(items: Message[]): RunInput {
  return { v: 2, items, previous: null, instructions: null, tools: [], options: {}, request: {} };
}
