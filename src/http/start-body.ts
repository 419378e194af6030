import { z } from "zod";
import type { Agent } from "../agent/define-agent.ts";
import { Message } from "../model/model.ts";
import { RunId, SessionId } from "../run/ids.ts";
import { Metadata } from "../run/metadata.ts";
import { Limits } from "../run/run-event.ts";
import { type UrlRules, webhookUrlFault } from "../webhooks/webhook-url.ts";

/** Parts that have their place in the API and that no agent can take yet. */
const LaterPart = z.object({ type: z.enum(["input_file", "input_image"]) });
const TextPart = z.strictObject({ type: z.literal("input_text"), text: z.string().min(1) });
const Part = z.discriminatedUnion("type", [TextPart], {
  error: ({ input }) => {
    const later = LaterPart.safeParse(input);
    return later.success
      ? `${later.data.type} is taken by no agent yet: send input_text`
      : "expected a part of type input_text";
  },
});

const content = z.union(
  [
    z.string().min(1),
    z
      .array(Part)
      .min(1)
      .transform((parts) => parts.map((part) => part.text).join("\n")),
  ],
  "expected a text or a list of parts, not empty",
);

const InputMessage = z.strictObject({ role: Message.shape.role, content });

const Input = z.union(
  [
    z
      .string()
      .min(1)
      .transform((text): Message[] => [{ role: "user", content: text }]),
    z.array(z.unknown()).min(1).max(1000).pipe(z.array(InputMessage)),
  ],
  "expected a text or a list of 1 to 1000 messages, not empty",
);

/** The body of `POST /agents/{agent}/runs` (api.md, section 1): limits may only lower what the agent allows. */
export function startBody(agent: Agent, rules: UrlRules) {
  const body = z.strictObject({
    input: Input,
    metadata: Metadata.default({}),
    limits: loweredLimits(agent).default(agent.limits),
    sessionId: SessionId.optional(),
    previousRunId: RunId.optional(),
    webhook: webhook(rules).optional(),
  });
  return body.refine(({ sessionId, previousRunId }) => sessionId === undefined || previousRunId === undefined, {
    path: ["previousRunId"],
    message: "a run in a session goes on from the one before it: send sessionId or previousRunId",
  });
}

function webhook(rules: UrlRules) {
  const url = z.string().superRefine((text, context) => {
    const message = webhookUrlFault(text, rules);
    if (message !== null) context.addIssue({ code: "custom", message });
  });
  return z.strictObject({ url });
}

function loweredLimits({ name, limits }: Agent) {
  const lowered = Limits.partial().superRefine((given, context) => {
    for (const limit of Limits.keyof().options) {
      const allowed = limits[limit] ?? Number.POSITIVE_INFINITY;
      if ((given[limit] ?? 0) <= allowed) continue;
      context.addIssue({ code: "custom", path: [limit], message: `agent ${name} allows at most ${allowed}` });
    }
  });
  return lowered.transform((given) => Limits.parse({ ...limits, ...given }));
}
