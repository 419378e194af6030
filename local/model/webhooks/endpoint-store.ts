import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { ApiError } from "../api-error.ts";
import { newId } from "../ids.ts";

export interface Endpoint {
  id: string;
  name: string;
  url: string;
  eventTypes: string[];
  secret: string;
  createdAt: number;
}

export interface EndpointStore {
  create(endpoint: Pick<Endpoint, "name" | "url" | "eventTypes" | "createdAt">): Endpoint;
  /** The endpoint that the settings name, made or brought up to date. */
  keep(named: { url: string; secret: string }, now: number): void;
  /** @throws ApiError 404 */
  find(id: string): Endpoint;
  update(endpoint: Endpoint): void;
  remove(id: string): void;
  all(): Endpoint[];
}

export function endpointStore(database: DatabaseSync): EndpointStore {
  const save = database.prepare("insert or replace into webhook_endpoints (id, created_at, document) values (?, ?, ?)");
  const select = database.prepare("select document from webhook_endpoints where id = ?");
  const selectAll = database.prepare("select document from webhook_endpoints order by created_at, id");
  const remove = database.prepare("delete from webhook_endpoints where id = ?");
  const asEndpoint = (row: Record<string, unknown>) => JSON.parse(String(row.document)) as Endpoint; // written by update
  let known: Endpoint[] | null = null; // asked for with every response
  function update(endpoint: Endpoint): void {
    save.run(endpoint.id, endpoint.createdAt, JSON.stringify(endpoint));
    known = null;
  }
  return {
    create(given) {
      const endpoint = { ...given, id: newId("whe"), secret: newSecret() };
      update(endpoint);
      return endpoint;
    },
    keep({ url, secret }, now) {
      const eventTypes = ["response.completed", "response.failed", "response.cancelled", "response.incomplete"];
      update({ id: "whe_settings", name: "from the settings", url, secret, eventTypes, createdAt: now });
    },
    find(id) {
      const row = select.get(id);
      if (!row) throw new ApiError(404, `Webhook endpoint with id '${id}' not found.`);
      return asEndpoint(row);
    },
    update,
    remove(id) {
      remove.run(id);
      known = null;
    },
    all() {
      known ??= selectAll.all().map(asEndpoint);
      return known;
    },
  };
}

/** As Standard Webhooks has it: `whsec_` and the key in base64. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}
