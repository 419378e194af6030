import type { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { unixSeconds } from "../clock.ts";
import { newId } from "../ids.ts";
import { endOf, isOver, statusAt } from "../responses/lifecycle.ts";
import type { ResponseStore } from "../responses/response-store.ts";
import type { Settings } from "../settings.ts";
import { type DeliveryStore, deliveryStore } from "./delivery-store.ts";
import type { EndpointStore } from "./endpoint-store.ts";
import { sendWebhook } from "./send-webhook.ts";
import type { Delivery, Webhooks } from "./webhooks.ts";

const eventTypes = new Set(["completed", "failed", "cancelled", "incomplete"].map((status) => `response.${status}`));
const pauseMs = 25;
const giveUpAfterMs = 72 * 3_600_000;
const longestAnswerMs = 10_000;

/** Sends what is due, at least once, until it is accepted or three days have passed. Nothing due is lost with the process. */
export function startWebhooks(
  database: DatabaseSync,
  endpoints: EndpointStore,
  responses: ResponseStore,
  settings: Settings,
): Webhooks {
  const deliveries = deliveryStore(database);
  const stopping = new AbortController();
  const sending = sendDue({ deliveries, endpoints, responses, settings }, stopping.signal);
  return {
    expect(response, fault) {
      const end = endOf(response);
      const late = (fault?.lateSeconds ?? 0) * 1000;
      for (const endpoint of endpoints.all()) {
        deliveries.add({
          eventId: newId("evt"),
          endpointId: endpoint.id,
          responseId: response.id,
          dueAt: end === null || fault?.dropped ? null : end + late,
          attempts: 0,
          copies: fault?.copies ?? 1,
          state: "waiting",
          fault,
        });
      }
    },
    cancelled(responseId, now) {
      for (const delivery of deliveries.ofResponse(responseId)) {
        const open = delivery.state === "waiting" && delivery.attempts === 0 && !delivery.fault?.dropped;
        if (open) deliveries.save({ ...delivery, dueAt: now + (delivery.fault?.lateSeconds ?? 0) * 1000 });
      }
    },
    deliveries: deliveries.all,
    clear: deliveries.clear,
    async stop() {
      stopping.abort();
      await sending;
    },
  };
}

interface Sending {
  deliveries: DeliveryStore;
  endpoints: EndpointStore;
  responses: ResponseStore;
  settings: Settings;
}

async function sendDue(parts: Sending, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const now = parts.settings.now();
    const due = parts.endpoints.all().length === 0 ? [] : parts.deliveries.due(now);
    const first = due.filter((delivery) => !waitsForNext(delivery, parts.deliveries));
    await Promise.all(first.map((delivery) => attempt(delivery, parts, stop)));
    // The stop ends the pause: a pause that holds no process open would otherwise never end where nothing else runs.
    await setTimeout(pauseMs, undefined, { ref: false, signal: stop }).catch(() => undefined);
  }
}

/** `afterNext`: only when another response's event, due later, has been delivered. */
function waitsForNext(delivery: Delivery, deliveries: DeliveryStore): boolean {
  if (!delivery.fault?.afterNext) return false;
  return !deliveries
    .all()
    .some(
      ({ responseId, dueAt, state }) =>
        responseId !== delivery.responseId && state === "delivered" && (dueAt ?? 0) >= (delivery.dueAt ?? 0),
    );
}

async function attempt(delivery: Delivery, { deliveries, endpoints, responses, settings }: Sending, stop: AbortSignal) {
  const now = settings.now();
  const endpoint = endpoints.all().find(({ id }) => id === delivery.endpointId);
  const response = responses.find(delivery.responseId);
  const status = response ? statusAt(response, now) : "";
  const type = `response.${status}`;
  if (!endpoint || !response || !isOver(status) || !eventTypes.has(type) || !endpoint.eventTypes.includes(type)) {
    deliveries.save({ ...delivery, state: "given up" });
    return;
  }
  const event = { id: delivery.eventId, type, createdAt: unixSeconds(now), responseId: response.id };
  const signal = AbortSignal.any([stop, AbortSignal.timeout(longestAnswerMs)]);
  const badSignature = delivery.fault?.badSignature === true;
  const accepted = await sendWebhook(endpoint, event, { sentAt: now, badSignature, signal });
  if (stop.aborted) return; // closed meanwhile: it is sent again after the next start
  deliveries.save(after(delivery, accepted, now, settings));
}

function after(delivery: Delivery, accepted: boolean, now: number, { webhookBackoffSeconds }: Settings): Delivery {
  const attempts = delivery.attempts + 1;
  if (accepted) {
    const copies = delivery.copies - 1;
    return { ...delivery, attempts, copies, state: copies > 0 ? "waiting" : "delivered" };
  }
  const wait = webhookBackoffSeconds * 1000 * 2 ** (attempts - 1);
  const givenUp = wait > giveUpAfterMs;
  return { ...delivery, attempts, dueAt: now + wait, state: givenUp ? "given up" : "waiting" };
}
