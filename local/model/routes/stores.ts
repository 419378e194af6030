import type { ConversationStore } from "../conversations/conversation-store.ts";
import type { FaultStore } from "../faults/fault-store.ts";
import type { InFlight } from "../in-flight.ts";
import type { Journal } from "../journal.ts";
import type { Models } from "../models.ts";
import type { RateLimits } from "../rate-limits.ts";
import type { ResponseStore } from "../responses/response-store.ts";
import type { ScriptStore } from "../scripts.ts";
import type { Settings } from "../settings.ts";
import type { EndpointStore } from "../webhooks/endpoint-store.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";

/** Everything that routes work with. */
export interface Stores {
  settings: Settings;
  responses: ResponseStore;
  conversations: ConversationStore;
  scripts: ScriptStore;
  faults: FaultStore;
  journal: Journal;
  models: Models;
  limits: RateLimits;
  endpoints: EndpointStore;
  webhooks: Webhooks;
  work: InFlight;
}
