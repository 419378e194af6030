import { randomUUID } from "node:crypto";
import type { MessageOutcome } from "../durable/instance-client.ts";
import { isFinished, Status, statusName } from "../durable/orchestration-status.ts";
import { eventFindings } from "../strict/client-findings.ts";
import { startedAnswer } from "./start-orchestration.ts";
import {
  exception,
  invalidJson,
  isOn,
  jsonError,
  message,
  notFound,
  refusal,
  type WebhookAnswer,
  type WebhookContext,
  type WebhookRequest,
} from "./webhook.ts";

type Operation = (context: WebhookContext, request: WebhookRequest, id: string) => Promise<WebhookAnswer>;

/** The operation of that name, in any case, for `POST instances/{id}/<operation>`. */
export function findOperation(name: string): Operation | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(operations, key) ? operations[key] : undefined;
}

const operations: Readonly<Record<string, Operation>> = {
  terminate: async ({ client }, { query }, id) =>
    sent(await client.terminate(id, query.get("reason") ?? null), id, "terminate"),
  suspend: async ({ client }, { query }, id) =>
    sent(await client.suspend(id, query.get("reason") ?? null), id, "suspend"),
  resume: async ({ client }, { query }, id) => sent(await client.resume(id, query.get("reason") ?? null), id, "resume"),
  restart,
  rewind,
};

/** `POST instances/{id}/raiseEvent/{name}` */
export async function raiseEvent(
  context: WebhookContext,
  { body, contentType }: WebhookRequest,
  id: string,
  eventName: string,
): Promise<WebhookAnswer> {
  const { client } = context;
  const instance = client.find(id);
  if (instance === undefined) return notFound;
  if (isFinished(instance.status)) return { status: 410 };
  const refused = refusal(context, () => eventFindings(eventName, body));
  if (refused !== null) return refused;
  if (contentType.split(";")[0]?.trim().toLowerCase() !== "application/json") {
    return message(400, "Only application/json request content is supported");
  }
  const wrong = jsonError(body);
  if (wrong !== null) return invalidJson(wrong);
  return sent(await client.raise(id, eventName, body), id, "raise an event to");
}

function sent(outcome: MessageOutcome, id: string, verb: string): WebhookAnswer {
  switch (outcome.kind) {
    case "sent":
      return { status: 202 };
    case "unknown":
      return notFound;
    case "finished":
      return { status: 410 };
    case "wrong-state":
      return exception(
        500,
        "Something went wrong while processing your request",
        `Cannot ${verb} the orchestration instance ${id} because instance is in the ${statusName(outcome.status)} state.`,
        "System.InvalidOperationException",
      );
  }
}

async function restart(context: WebhookContext, request: WebhookRequest, id: string): Promise<WebhookAnswer> {
  const instance = context.client.find(id);
  if (instance === undefined) {
    const why = `An orchestration with the instanceId ${id} was not found.`;
    return exception(400, "InstanceId does not match a valid orchestration instance.", why, "System.ArgumentException");
  }
  const asNew = isOn(request.query.get("restartwithnewinstanceid"), true);
  const newId = asNew ? randomUUID().replaceAll("-", "") : id;
  const outcome = await context.client.start(instance.name, newId, instance.input);
  if (outcome.kind === "started") return startedAnswer(context, request, outcome.instanceId);
  const why = `An orchestration with the instanceId ${id} has status ${statusName(outcome.status)}.`;
  const taken = "A non-terminal instance with this instance ID already exists.";
  return exception(409, taken, why, "System.InvalidOperationException");
}

async function rewind({ client }: WebhookContext, _request: WebhookRequest, id: string): Promise<WebhookAnswer> {
  const instance = client.find(id);
  if (instance === undefined) {
    return { status: 404, json: JSON.stringify(`No orchestration with instance ID "$${id}" found.`) };
  }
  if (instance.status !== Status.Failed) {
    const text =
      `This orchestration has status ${statusName(instance.status)}, ` +
      'but only orchestrations in the "Failed" state can be rewound.';
    return { status: 412, json: JSON.stringify(text) };
  }
  return message(501, "rewind is not offered by the local host. Start the instance again with restart.");
}
