import { passed } from "../clock.ts";
import { Status, statusName } from "../durable/orchestration-status.ts";
import { startFindings } from "../strict/client-findings.ts";
import { instanceStatus } from "./instance-status.ts";
import {
  invalidJson,
  jsonError,
  message,
  refusal,
  type WebhookAnswer,
  type WebhookContext,
  type WebhookRequest,
} from "./webhook.ts";

/** `POST orchestrators/{name}[/{id}]` */
export async function startOrchestration(
  context: WebhookContext,
  request: WebhookRequest,
  name: string,
  instanceId: string | null,
): Promise<WebhookAnswer> {
  const input = request.body === "" ? null : request.body;
  const wrong = input === null ? null : jsonError(input);
  if (wrong !== null) return invalidJson(wrong);
  const refused = refusal(context, () => startFindings(name, request.body));
  if (refused !== null) return refused;
  const outcome = await context.client.start(name, instanceId, input);
  if (outcome.kind === "exists") {
    return message(409, `An Orchestration instance with the status ${statusName(outcome.status)} already exists.`);
  }
  const waited = await waitForEnd(context, request, outcome.instanceId);
  return waited ?? startedAnswer(context, request, outcome.instanceId);
}

export function startedAnswer(context: WebhookContext, request: WebhookRequest, instanceId: string): WebhookAnswer {
  const { rewindPostUri: _, ...urls } = context.managementUrls(instanceId, request.origin);
  const headers = { Location: headerText(urls.statusQueryGetUri ?? ""), "Retry-After": "10" };
  return { status: 202, json: JSON.stringify(urls), headers };
}

/** An id may hold what a header cannot. */
function headerText(uri: string): string {
  return uri.replace(/[^\x20-\x7e]+/g, (odd) => encodeURIComponent(odd.toWellFormed()));
}

const longestWait = 230_000; // the limit of Azure's own front end

/** With `timeout` and `pollingInterval` (seconds) in the query: the end of the instance, if it comes in time. */
async function waitForEnd(
  { client, clock }: WebhookContext,
  { query }: WebhookRequest,
  instanceId: string,
): Promise<WebhookAnswer | undefined> {
  const timeout = seconds(query.get("timeout"));
  const interval = seconds(query.get("pollinginterval")) ?? 1000;
  if (timeout === undefined) return undefined;
  const deadline = clock.now() + Math.min(timeout, longestWait);
  for (;;) {
    const instance = client.find(instanceId);
    if (instance?.status === Status.Completed) return { status: 200, json: instance.output ?? "null" };
    if (instance?.status === Status.Failed || instance?.status === Status.Terminated) {
      return { status: 200, json: JSON.stringify(instanceStatus(instance, true)) };
    }
    const left = deadline - clock.now();
    if (left <= 0) return undefined;
    await passed(clock, Math.max(50, Math.min(interval, left)));
  }
}

function seconds(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || !Number.isFinite(value) || value <= 0 ? undefined : value * 1000;
}
