import { z } from "zod";

/** Done to one answer, whatever was asked. */
const answers = [
  /** Answers with this HTTP status, and does nothing. */
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(400).max(599),
    code: z.string().optional(),
    type: z.string().optional(),
    message: z.string().optional(),
    /** Seconds, in `retry-after`. */
    retryAfter: z.number().optional(),
    /** In `retry-after-ms`, as Azure has it. */
    retryAfterMs: z.number().optional(),
  }),
  /** Cuts the connection before anything was done. */
  z.strictObject({ kind: z.literal("drop-before") }),
  /** Does what was asked, then cuts the connection: the client cannot know. */
  z.strictObject({ kind: z.literal("drop-after") }),
  z.strictObject({ kind: z.literal("delay"), seconds: z.number().nonnegative().max(86_400) }),
  /** Never answers. */
  z.strictObject({ kind: z.literal("hang") }),
  /** Does what was asked, then answers 200 with half of the JSON. */
  z.strictObject({ kind: z.literal("malformed-json") }),
  /** The times in the answer, and its `date`, go wrong by so much. */
  z.strictObject({ kind: z.literal("clock-skew"), seconds: z.number() }),
] as const;

/** Done when a response is looked at. */
const looks = [
  /** The response that is asked for is not there. */
  z.strictObject({ kind: z.literal("not-found") }),
  /** It is shown as it was when it was accepted. */
  z.strictObject({ kind: z.literal("stale") }),
] as const;

/** Done to a response that is accepted. */
const responses = [
  /** It will fail. */
  z.strictObject({
    kind: z.literal("fail"),
    code: z.string(),
    message: z.string().default("This failure was ordered."),
  }),
  /** It will never end. */
  z.strictObject({ kind: z.literal("stuck"), in: z.enum(["queued", "in_progress"]).default("in_progress") }),
  /** Any statuses one after the other, known to the API or not; the last stays. */
  z.strictObject({
    kind: z.literal("statuses"),
    steps: z
      .array(z.strictObject({ status: z.string(), seconds: z.number().nonnegative().max(86_400).default(0) }))
      .min(1),
  }),
  /** It ends incomplete, with half of its text. */
  z.strictObject({ kind: z.literal("incomplete"), reason: z.string().default("content_filter") }),
  /** It is completed, and says nothing. */
  z.strictObject({ kind: z.literal("empty") }),
  /** A cancel is answered with `cancelled`; later it is completed all the same. */
  z.strictObject({ kind: z.literal("cancel-ignored") }),
  /** It is gone this many seconds after it was accepted. */
  z.strictObject({ kind: z.literal("expire"), seconds: z.number().nonnegative() }),
  /** The first looks at it meet another fault. */
  z.strictObject({
    kind: z.literal("first-reads"),
    times: z.int().positive(),
    fault: z.discriminatedUnion("kind", [...answers, ...looks]),
  }),
] as const;

/** Done to a request that goes on from something stored. */
const chains = [
  /** 400 `previous_response_not_found`, though it is there. */
  z.strictObject({ kind: z.literal("previous-not-found") }),
  /** 400 "No tool call found for function call output…", as Azure answers a background chain. */
  z.strictObject({ kind: z.literal("no-tool-call") }),
  /** 404 "Item with id … not found" for the first item that is brought with an id. */
  z.strictObject({ kind: z.literal("item-not-found") }),
] as const;

/** Done to a stream. */
const streams = [
  /** It ends after the event with this number: by a cut connection, or without a word. */
  z.strictObject({
    kind: z.literal("cut-stream"),
    after: z.int().nonnegative(),
    how: z.enum(["drop", "end"]).default("drop"),
  }),
  /** After the event with this number comes an `error` event, and the end. */
  z.strictObject({
    kind: z.literal("stream-error"),
    after: z.int().nonnegative(),
    code: z.string().default("server_error"),
  }),
] as const;

/** Done to the webhook of a response that is accepted. */
const webhooks = [
  z.strictObject({
    kind: z.literal("webhook"),
    /** It comes this much later. */
    lateSeconds: z.number().nonnegative().optional(),
    /** It comes so often, each time with the same `webhook-id`. */
    copies: z.int().min(1).max(10).optional(),
    /** It waits until the next one of another response has been sent. */
    afterNext: z.literal(true).optional(),
    dropped: z.literal(true).optional(),
    badSignature: z.literal(true).optional(),
  }),
] as const;

/** Everything that can be made to go wrong. README.md has the table. */
export const Fault = z.discriminatedUnion("kind", [
  ...answers,
  ...looks,
  ...responses,
  ...chains,
  ...streams,
  ...webhooks,
]);
export type Fault = z.infer<typeof Fault>;

const ResponseFaults = z.discriminatedUnion("kind", [...responses, ...webhooks]);
export type ResponseFault = z.infer<typeof ResponseFaults>;

type Schemas = readonly { shape: { kind: { value: string } } }[];
const kindsOf = (schemas: Schemas): ReadonlySet<string> => new Set(schemas.map(({ shape }) => shape.kind.value));

/** The kinds by what they are done to; every other is done to an answer. */
export const kinds = {
  looks: kindsOf(looks),
  responses: kindsOf([...responses, ...webhooks]),
  chains: kindsOf(chains),
  streams: kindsOf(streams),
};

export function isResponseFault(fault: Fault | null): fault is ResponseFault {
  return fault !== null && kinds.responses.has(fault.kind);
}
