import { z } from "zod";

/** An answer as its chunks have told it so far. */
export interface Told {
  /** Null: no chunk has brought one. */
  id: string | null;
  /** In the provider's own wire format, with whatever it adds to its messages: the next turn sends it back. */
  message: Record<string, unknown>;
  calls: WireCall[];
  /** Null: the answer is not whole. */
  finishReason: string | null;
  usage: unknown;
}

export interface WireCall {
  id: string;
  function: { name: string; arguments: string };
  [more: string]: unknown;
}

export const nothingTold: Told = { id: null, message: {}, calls: [], finishReason: null, usage: null };

const text = z.string().catch("");
const members = z.record(z.string(), z.unknown());

/** Lenient, because providers add to it, and leave out. An answer in one piece is one chunk, its message the delta. */
const Chunk = z.object({
  id: text,
  choices: z
    .array(
      z.object({
        delta: members.optional().catch(undefined),
        message: members.optional().catch(undefined),
        finish_reason: z.string().nullable().catch(null),
      }),
    )
    .catch([]),
  usage: z.unknown().optional(),
});

const CallDelta = z.looseObject({
  index: z.int().nonnegative().optional().catch(undefined),
  id: text,
  function: z.object({ name: text, arguments: text }).catch({ name: "", arguments: "" }),
});
const CallDeltas = z.array(CallDelta).catch([]);

/**
 * What is told after one chunk more. Not the SDK's own stream helper: that one keeps of a text that it does not know
 * (a provider's `reasoning_content`) only the last piece, and rejects answers that lack what OpenAI never leaves out.
 */
export function tellMore(told: Told, chunk: unknown): Told {
  const { id, choices, usage } = Chunk.parse(chunk);
  const [choice] = choices;
  const { tool_calls: calls, ...delta } = choice?.delta ?? choice?.message ?? {};
  return {
    id: told.id ?? (id || null), // Azure's first chunk is about the prompt and has an empty one
    message: withDelta(told.message, delta),
    calls: CallDeltas.parse(calls).reduce(withCall, told.calls),
    finishReason: choice?.finish_reason || told.finishReason,
    usage: usage ?? told.usage,
  };
}

/** Texts come in pieces; the role is a name. */
function withDelta(message: Told["message"], delta: Told["message"]): Told["message"] {
  const pieces = Object.entries(delta).filter(([, value]) => value !== null && value !== undefined);
  const whole = pieces.map(([name, piece]) => {
    const before = message[name];
    return [name, typeof before === "string" && typeof piece === "string" && name !== "role" ? before + piece : piece];
  });
  return { ...message, ...Object.fromEntries(whole) };
}

/** The call at the delta's place, or, where a provider numbers none or all alike, the last; another id begins another call. */
function withCall(calls: WireCall[], { index, ...delta }: z.infer<typeof CallDelta>): WireCall[] {
  const at = Math.min(index ?? calls.length - 1, calls.length - 1);
  const begun = index === undefined || index < calls.length ? calls[at] : undefined;
  if (!begun || (delta.id !== "" && delta.id !== begun.id)) {
    return [...calls, { ...delta, id: delta.id || `call_${calls.length}`, type: "function" }];
  }
  const { name, arguments: piece } = delta.function;
  const more = { name: begun.function.name || name, arguments: begun.function.arguments + piece };
  return calls.with(at, { ...begun, ...delta, id: begun.id, type: "function", function: more });
}
