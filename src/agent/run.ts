import { z } from "zod";
import { NightshiftError } from "../errors.ts";
import {
  type CallRequest,
  type Ending,
  History,
  type LookAnswer,
  type Model,
  type StartAnswer,
  type ToolDeclaration,
  type TurnOptions,
  type TurnOutput,
  type TurnRequest,
} from "../model/model.ts";
import type { Agent } from "./define-agent.ts";
import type { ToolContext, ToolOutcome } from "./define-tool.ts";
import { historyWith } from "./history.ts";

/**
 * The conversation so far, plain JSON: the provider keeps the items, we keep the id of the last answer; with a provider
 * that keeps none (`terms`), the items stand here. One that keeps them and yet does not go on from an answer cannot be
 * told the conversation again here: its `refused` answer says `historyRefused`, and the caller begins a new thread. A
 * durable run has a journal, and replays that (src/steps/turn-input.ts).
 */
export const Thread = z.strictObject({ lastResponseId: z.string().nullable(), history: History.optional() });
export type Thread = z.infer<typeof Thread>;

export const newThread: Thread = { lastResponseId: null };

/** Ask something new, answer the calls of the last turn, or pick the model's work up again. */
export type Work = { input: TurnRequest["input"] | string } | { continuationToken: string };

export interface StepOptions {
  model: Model;
  /** True: a turn that is not ready gives a token. False: the step waits for it. */
  allowBackgroundResponses: boolean;
  /** `execute`: calls are executed and the next turn is begun. `return`: they are the caller's. */
  tools: "execute" | "return";
  metadata?: Readonly<Record<string, string>>;
  /** What whoever asks adds to the agent's own. Calls of these tools are for them to carry out (`tools: "return"`). */
  additions?: Additions;
  signal?: AbortSignal;
}

export interface Additions {
  instructions: string | null;
  tools: readonly ToolDeclaration[];
  options: TurnOptions;
}

/**
 * Where the step stands. With a token: store it with the thread, sleep, and call again with it. Without: `answer` says
 * how the turn ended, and `thread` goes on from it.
 */
export interface StepResult {
  thread: Thread;
  output: TurnOutput | null;
  calls: readonly CallRequest[];
  continuationToken: string | null;
  /**
   * What the provider did not take, or may not have taken, as `answer` says: input for another try. The outputs of tools
   * that were executed stand only here, so that whoever goes on need not execute them again. Null: everything was taken.
   */
  untaken: TurnRequest["input"] | null;
  answer: StartAnswer | LookAnswer;
}

/**
 * The agent's step (design.md, section 4): one turn of the model, begun or looked at once.
 * @throws NightshiftError `token_with_input`, `token_invalid`, `tool_fatal` where a tool says so; a provider's failure is
 * data, in `answer`
 */
export async function run(agent: Agent, thread: Thread, work: Work, options: StepOptions): Promise<StepResult> {
  if ("continuationToken" in work && "input" in work) {
    throw new NightshiftError("token_with_input", "A continuation token picks a turn up again: give it without input.");
  }
  const result =
    "continuationToken" in work
      ? toResult(thread, null, await options.model.look(work.continuationToken, options.signal))
      : await begin(agent, thread, inputOf(work.input), options);
  if (options.tools === "return" || result.answer.kind !== "completed" || result.calls.length === 0) return result;
  const outputs = await executeAll(agent, result.calls, options.signal ?? new AbortController().signal);
  return run(agent, result.thread, { input: { outputs } }, options);
}

function inputOf(input: TurnRequest["input"] | string): TurnRequest["input"] {
  return typeof input === "string" ? { messages: [{ role: "user", content: input }] } : input;
}

async function begin(
  agent: Agent,
  thread: Thread,
  input: TurnRequest["input"],
  options: StepOptions,
): Promise<StepResult> {
  const { api, model, instructions, tools } = agent;
  const { additions } = options;
  const { keepsResponses } = options.model.terms(api);
  const told = toldOf(thread, input, keepsResponses);
  const own = tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
  const turn: TurnRequest = {
    api,
    model,
    instructions: additions?.instructions ? `${instructions}\n\n${additions.instructions}` : instructions,
    tools: [...own, ...(additions?.tools ?? [])],
    ...(additions && { options: additions.options }),
    ...told,
    background: options.allowBackgroundResponses,
    metadata: options.metadata ?? {},
  };
  const kept = "history" in told.input && !keepsResponses ? told.input.history : null;
  return toResult(thread, { input, kept }, await options.model.start(turn, options.signal));
}

/** What is new, after the response before; or the whole conversation, where the provider keeps nothing to go on from. */
function toldOf(
  { lastResponseId, history }: Thread,
  input: TurnRequest["input"],
  keepsResponses: boolean,
): Pick<TurnRequest, "input" | "previousResponseId"> {
  const begins = lastResponseId === null ? { messages: [], turns: [] } : null;
  const known = history ?? begins;
  const whole = keepsResponses || "history" in input || known === null ? null : historyWith(known, input);
  if (whole) return { input: { history: whole, bare: false }, previousResponseId: null };
  return { input, previousResponseId: lastResponseId };
}

/** What a turn was asked, and what the model was told in all, where the thread has to keep it; null of a look. */
type Told = { input: TurnRequest["input"]; kept: History | null } | null;

function toResult(thread: Thread, told: Told, answer: StartAnswer | LookAnswer): StepResult {
  const output = outputOf(answer);
  return {
    thread: output ? threadAfter(output, told?.kept ?? null) : thread,
    output,
    calls: output?.calls ?? [],
    continuationToken: answer.kind === "pending" ? answer.token : null,
    untaken: answer.kind === "refused" || answer.kind === "unknown" ? (told?.input ?? null) : null,
    answer,
  };
}

function threadAfter(output: TurnOutput, history: History | null): Thread {
  const { responseId: lastResponseId } = output;
  if (!history) return { lastResponseId };
  return { lastResponseId, history: { ...history, turns: [...history.turns, { output, outputs: [] }] } };
}

function outputOf(answer: StartAnswer | LookAnswer | Ending): TurnOutput | null {
  return answer.kind === "completed" || answer.kind === "incomplete" ? answer.output : null;
}

function executeAll(agent: Agent, calls: readonly CallRequest[], signal: AbortSignal) {
  return Promise.all(
    calls.map(async (call) => {
      const outcome = await executeCall(agent, call, { idempotencyKey: call.id, signal, progress: () => undefined });
      if (!outcome.ok && outcome.reason === "fatal") throw new NightshiftError("tool_fatal", outcome.text);
      return { callId: call.id, output: outcome.text };
    }),
  );
}

/**
 * Executes one call of the model, unless a person would have to approve it. Never rejects: a refusal and an unknown tool,
 * too, are answers to the model.
 */
export async function executeCall(agent: Agent, call: CallRequest, context: ToolContext): Promise<ToolOutcome> {
  const tool = agent.tools.find(({ name }) => name === call.name);
  if (!tool?.approval) return executeApproved(agent, call, context);
  const text = `${call.name} was not executed: a person must approve it, and nobody can be asked here.`;
  return { ok: false, reason: "refused", text };
}

/** Executes a call that needs no approval any more. */
export async function executeApproved(agent: Agent, call: CallRequest, context: ToolContext): Promise<ToolOutcome> {
  const tool = agent.tools.find(({ name }) => name === call.name);
  if (tool) return tool.invoke(call.arguments, context);
  const names = agent.tools.map(({ name }) => name).join(", ") || "none";
  return { ok: false, reason: "refused", text: `There is no tool ${call.name}. The tools are: ${names}.` };
}
