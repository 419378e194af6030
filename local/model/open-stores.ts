import type { DatabaseSync } from "node:sqlite";
import { conversationStore } from "./conversations/conversation-store.ts";
import { faultStore } from "./faults/fault-store.ts";
import { inFlight } from "./in-flight.ts";
import { journal } from "./journal.ts";
import { modelList } from "./models.ts";
import { rateLimits } from "./rate-limits.ts";
import { responseStore } from "./responses/response-store.ts";
import type { Stores } from "./routes/stores.ts";
import { scriptStore } from "./scripts.ts";
import type { Settings } from "./settings.ts";
import { endpointStore } from "./webhooks/endpoint-store.ts";
import { startWebhooks } from "./webhooks/start-webhooks.ts";

/** Everything that routes work with, on one database; webhooks begin to be sent. */
export function openStores(database: DatabaseSync, settings: Settings): Stores {
  const responses = responseStore(database);
  const faults = faultStore(database);
  for (const order of settings.faults) faults.order(order);
  const endpoints = endpointStore(database);
  if (settings.webhook) endpoints.keep(settings.webhook, settings.now());
  return {
    settings,
    responses,
    conversations: conversationStore(database, responses),
    scripts: scriptStore(database),
    faults,
    journal: journal(database),
    models: modelList(settings.models),
    limits: rateLimits(settings, settings.now),
    endpoints,
    webhooks: startWebhooks(database, endpoints, responses, settings),
    work: inFlight(),
  };
}
