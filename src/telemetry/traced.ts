import type { Services } from "../steps/services.ts";
import type { WebhookSender } from "../webhooks/webhook-sender.ts";
import { tracedLog } from "./around.ts";
import type { Telemetry } from "./telemetry.ts";
import { tracedAgent } from "./traced-agent.ts";
import { tracedModel } from "./traced-model.ts";
import { tracedStore } from "./traced-store.ts";
import { tracedWebhookSender } from "./traced-webhook-sender.ts";

/** The same services, what they do told as spans and metrics. */
export function traced<
  S extends Pick<Services, "store" | "model" | "agents" | "log"> & { webhookSender?: WebhookSender },
>(services: S, telemetry: Telemetry): S {
  const { webhookSender } = services;
  const agents = [...services.agents].map(([name, agent]) => [name, tracedAgent(agent, telemetry)] as const);
  return {
    ...services,
    store: tracedStore(services.store, telemetry),
    model: tracedModel(services.model, telemetry),
    agents: new Map(agents),
    log: tracedLog(services.log),
    ...(webhookSender && { webhookSender: tracedWebhookSender(webhookSender, telemetry) }),
  };
}
