import type { DatabaseSync } from "node:sqlite";
import type { Delivery } from "./webhooks.ts";

export interface DeliveryStore {
  add(delivery: Delivery): void;
  save(delivery: Delivery): void;
  ofResponse(responseId: string): Delivery[];
  /** What is to be sent by now, the longest due first. */
  due(now: number): Delivery[];
  all(): Delivery[];
  clear(): void;
}

export function deliveryStore(database: DatabaseSync): DeliveryStore {
  const insert = database.prepare(
    "insert into webhook_deliveries (event, response, due_at, state, document) values (?, ?, ?, ?, ?)",
  );
  const update = database.prepare("update webhook_deliveries set due_at = ?, state = ?, document = ? where event = ?");
  const ofResponse = database.prepare("select document from webhook_deliveries where response = ? order by n");
  const due = database.prepare(
    "select document from webhook_deliveries where state = 'waiting' and due_at <= ? order by due_at, n limit 100",
  );
  const all = database.prepare("select document from webhook_deliveries order by n");
  const asDelivery = (row: Record<string, unknown>) => JSON.parse(String(row.document)) as Delivery; // written by add and save
  return {
    add: (delivery) =>
      void insert.run(delivery.eventId, delivery.responseId, delivery.dueAt, delivery.state, JSON.stringify(delivery)),
    save: (delivery) => void update.run(delivery.dueAt, delivery.state, JSON.stringify(delivery), delivery.eventId),
    ofResponse: (responseId) => ofResponse.all(responseId).map(asDelivery),
    due: (now) => due.all(now).map(asDelivery),
    all: () => all.all().map(asDelivery),
    clear: () => database.exec("delete from webhook_deliveries"),
  };
}
