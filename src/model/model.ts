import { z } from "zod";
import type { Instant } from "../run/ids.ts";
import type { Usage } from "../run/run-event.ts";

/** What the caller said: the beginning of a conversation. */
export const Message = z.strictObject({
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: z.string(),
});
export type Message = z.infer<typeof Message>;

/** One item of a conversation that a caller brings along: a message, a call made earlier, or the output of a call. */
export const InputItem = z.union([
  Message,
  z.strictObject({ type: z.literal("function_call"), callId: z.string(), name: z.string(), arguments: z.string() }),
  z.strictObject({ type: z.literal("function_call_output"), callId: z.string(), output: z.string() }),
]);
export type InputItem = z.infer<typeof InputItem>;

/** The answer to one tool call, in words for the model. */
const CallOutput = z.strictObject({ callId: z.string(), output: z.string() });
export type CallOutput = z.infer<typeof CallOutput>;

/** A tool as the model is told of it. `strict`: the provider holds the arguments to the schema. */
export const ToolDeclaration = z.strictObject({
  name: z.string(),
  description: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  strict: z.boolean().optional(),
});
export type ToolDeclaration = Readonly<z.infer<typeof ToolDeclaration>>;

/** What may be asked of one answer besides its words; absent: the provider's default. */
export const TurnOptions = z.strictObject({
  toolChoice: z.union([z.literal("required"), z.strictObject({ name: z.string() })]).optional(),
  parallelToolCalls: z.boolean().optional(),
  /** The form of the answer's text, as the Responses API has it in `text.format`. */
  format: z.record(z.string(), z.unknown()).optional(),
  maxOutputTokens: z.int().positive().optional(),
});
export type TurnOptions = Readonly<z.infer<typeof TurnOptions>>;

/** A tool call that the model asks for; the arguments are the model's text, not yet checked. */
export const CallRequest = z.object({ id: z.string(), name: z.string(), arguments: z.string() });
export type CallRequest = z.infer<typeof CallRequest>;

/** What one response said. `items` are the provider's own wire format, kept and sent back as they are. */
export const TurnOutput = z.object({
  responseId: z.string(),
  text: z.string(),
  calls: z.array(CallRequest),
  items: z.array(z.record(z.string(), z.unknown())),
});
export type TurnOutput = z.infer<typeof TurnOutput>;

/** The conversation so far: what the caller said, then each answered turn with an output for every one of its calls. */
export const History = z.strictObject({
  messages: z.array(InputItem).readonly(),
  turns: z.array(z.strictObject({ output: TurnOutput, outputs: z.array(CallOutput).readonly() })).readonly(),
});
export type History = z.infer<typeof History>;

/** How a provider is spoken to. */
export type ModelApi = "responses" | "chat-completions";

/** All that the provider is asked in one turn. */
export interface TurnRequest {
  /** Null: the deployment's own. */
  api: ModelApi | null;
  /** Null: the deployment's own model. */
  model: string | null;
  instructions: string;
  /**
   * Messages at the beginning, call outputs afterwards; or the whole conversation again, by items, for a provider that
   * does not go on from the response before. `bare`: without reasoning and without the provider's ids of items.
   */
  input: { messages: readonly InputItem[] } | { outputs: readonly CallOutput[] } | { history: History; bare: boolean };
  /** The response that this turn continues; null at the beginning, and where the input is the whole conversation. */
  previousResponseId: string | null;
  tools: readonly ToolDeclaration[];
  options?: TurnOptions;
  /** True: answer with a token at once. False: hold the connection until the answer is there. */
  background: boolean;
  /** Sent to the provider as they are; the durable run sends `nightshift_run` and `nightshift_op`. */
  metadata: Readonly<Record<string, string>>;
}

/** The model is still at work; `token` finds it again. `pollAfterSeconds` is the provider's hint, or null. */
export interface Pending {
  kind: "pending";
  responseId: string;
  token: string;
  pollAfterSeconds: number | null;
}

/** How a response ended. */
export type Ending =
  /** `endedAt`: when the provider says that it was ready, to the second; absent: it does not say. */
  | { kind: "completed"; output: TurnOutput; usage: Usage; endedAt?: Instant }
  | { kind: "incomplete"; output: TurnOutput; usage: Usage; reason: string }
  /** `retryable`: another attempt may do better. */
  | { kind: "failed"; responseId: string; code: string; message: string; retryable: boolean; usage: Usage }
  | { kind: "cancelled"; responseId: string; usage: Usage };

/** The provider did not do what was asked; `retryAfterSeconds` is its own wait, or null. */
interface Refusal {
  code: string;
  message: string;
  retryAfterSeconds: number | null;
  throttled: boolean;
}

/**
 * How a POST ended. `refused`: for sure nothing was made, and the same request may do better later when `retryable`;
 * `historyRefused`: what the provider refuses is the conversation as it was sent, so that another form of it may do.
 * `unknown`: nobody saw its end, the provider may have made a response.
 */
export type StartAnswer =
  | Pending
  | Ending
  | ({ kind: "refused"; retryable: boolean; historyRefused: boolean } & Refusal)
  | ({ kind: "unknown" } & Refusal);

/** How a look ended. `lost`: the provider no longer has it. `unavailable`: no answer this time. */
export type LookAnswer = Pending | Ending | { kind: "lost"; responseId: string } | ({ kind: "unavailable" } & Refusal);

/**
 * How a deletion ended. `deleted`: the provider has it no more, or never had. `refused`: it may still be at work, or
 * this provider deletes none. `unavailable`: no answer this time.
 */
export type DeleteAnswer =
  | { kind: "deleted" }
  | { kind: "refused"; message: string }
  | ({ kind: "unavailable" } & Refusal);

export interface Terms {
  /** Names the wire format in tokens and telemetry: `responses`. */
  provider: string;
  /**
   * True: the provider keeps a response under its token, and goes on from it. False: a start holds its request until
   * the answer is there, nothing of it can be looked at or cancelled, and every turn is told the whole conversation.
   */
  keepsResponses: boolean;
  /** A start in the background has ended by then, whatever it met. */
  startSeconds: number;
}

/**
 * Where turns are answered. Each verb is one HTTP attempt; nothing the provider does makes it reject, failures are data.
 * Implementations pass test/contract/model.ts.
 */
export interface Model {
  /** What holds for turns by `api`; null: the deployment's own. A provider that speaks one API only says the same of all. */
  terms(api: ModelApi | null): Terms;
  start(turn: TurnRequest, signal?: AbortSignal): Promise<StartAnswer>;
  /** @throws NightshiftError `token_invalid` for a token that this provider did not make */
  look(token: string, signal?: AbortSignal): Promise<LookAnswer>;
  /**
   * Asks the provider to stop. Best effort: what became of it is for `look` to say.
   * @throws NightshiftError `token_invalid` for a token that this provider did not make
   */
  cancel(token: string): Promise<{ kind: "asked" } | { kind: "unavailable"; message: string }>;
  /**
   * Deletes the response, with what was said and answered in it. Repeating it is success.
   * @throws NightshiftError `token_invalid` for a token that this provider did not make
   */
  delete(token: string): Promise<DeleteAnswer>;
}
