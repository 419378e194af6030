import { completionEventOf, nextDeliveryAt } from "../run/completion-event.ts";
import { type Instant, secondsBetween } from "../run/ids.ts";
import { type EndedRun, hasEnded, type Run } from "../run/run.ts";
import type { NewEvent } from "../run/run-event.ts";
import type { WebhookAnswer, WebhookSender } from "../webhooks/webhook-sender.ts";
import type { DeliverWebhookInput, DeliverWebhookOutput } from "./contract.ts";
import { isGone } from "./gone.ts";
import { keepTrying } from "./keep-trying.ts";
import { runInputOf } from "./run-input.ts";
import { instantOf, type Services } from "./services.ts";
import { webhookSecretsOf } from "./webhook-secrets.ts";

export type DeliverWebhookServices = Pick<Services, "store" | "clock" | "randomHex" | "log"> & {
  webhookSender: WebhookSender;
};

/**
 * One bounded step of reporting a run's end: at most one attempt, which becomes an event of the run. Whatever dies, the
 * next step finds in the run whether an attempt is due. One that was made and could not be told is made again, under the
 * same id: a receiver gets at least one.
 */
export async function deliverWebhook(
  { runId }: DeliverWebhookInput,
  services: DeliverWebhookServices,
): Promise<DeliverWebhookOutput> {
  const { store, clock } = services;
  const run = await store.get(runId);
  if (!run || !hasEnded(run) || !run.webhook?.nextAt) return { kind: "finished" };
  const seconds = secondsBetween(instantOf(clock), run.webhook.nextAt);
  if (seconds > 0) return { kind: "wait", seconds };
  try {
    const answer = await attempt(run, services);
    return afterwards(await tell(run, answer, services), services);
  } catch (error) {
    if (isGone(error) || (await store.get(runId)) === null) return { kind: "finished" };
    throw error;
  }
}

async function attempt(run: EndedRun, services: DeliverWebhookServices): Promise<WebhookAnswer> {
  const { webhook } = await runInputOf(run, services.store);
  if (!webhook) return impossible("The run's input names no address.");
  const secrets = await webhookSecretsOf(run.caller, services);
  if (secrets.length === 0) return impossible(`${run.caller} has no webhook secret any more.`);
  const event = completionEventOf(run);
  return services.webhookSender.send({ url: webhook.url, id: event.id, body: JSON.stringify(event), secrets });
}

function impossible(reason: string): WebhookAnswer {
  return { kind: "failed", status: null, reason, retryAfterSeconds: null, gone: false };
}

/** Another execution may have told its own attempt meanwhile: after a delivery nothing more is told. */
function tell({ id }: EndedRun, answer: WebhookAnswer, services: DeliverWebhookServices): Promise<Run> {
  const { store, clock, randomHex } = services;
  const chance = Number.parseInt(randomHex(1), 16) / 255;
  const decide = (run: Run) => {
    if (!hasEnded(run) || !run.webhook?.nextAt) return null;
    const delivery = run.webhook.attempts + 1;
    const again = (hintSeconds: number | null) =>
      nextDeliveryAt(run.finishedAt, instantOf(clock), { attempts: delivery, hintSeconds, chance });
    return { events: [eventOf(answer, delivery, again)], pulse: { overdueSince: null } };
  };
  return keepTrying(() => store.update(id, decide), services);
}

function eventOf(
  answer: WebhookAnswer,
  delivery: number,
  again: (hintSeconds: number | null) => Instant | null,
): NewEvent {
  if (answer.kind === "taken") return { type: "webhook-delivered", delivery, status: answer.status };
  const { status, reason, retryAfterSeconds, gone } = answer;
  return { type: "webhook-failed", delivery, status, reason, retryAt: gone ? null : again(retryAfterSeconds) };
}

function afterwards({ id: runId, webhook }: Run, { clock, log }: DeliverWebhookServices): DeliverWebhookOutput {
  if (webhook?.nextAt) return { kind: "wait", seconds: Math.max(0, secondsBetween(instantOf(clock), webhook.nextAt)) };
  if (webhook && webhook.deliveredAt === null) {
    log({ level: "warn", message: `The webhook to ${webhook.host} is given up`, runId });
  }
  return { kind: "finished" };
}
