import { isFinished, Status, statusNames } from "../durable/orchestration-status.ts";
import type { InstanceFilter } from "../state/instances.ts";
import { instanceStatus } from "./instance-status.ts";
import { DuplicateEvent, statusHistory } from "./status-history.ts";
import { exception, isOn, notFound, type WebhookAnswer, type WebhookContext, type WebhookRequest } from "./webhook.ts";

/** `GET instances/{id}` */
export function getStatus({ client }: WebhookContext, { query, url }: WebhookRequest, id: string): WebhookAnswer {
  const instance = client.find(id);
  if (instance === undefined) return notFound;
  const body = instanceStatus(instance, isOn(query.get("showinput"), true));
  if (isOn(query.get("showhistory"), false) && instance.status !== Status.Pending) {
    try {
      body.historyEvents = statusHistory(client.history(id), isOn(query.get("showhistoryoutput"), false));
    } catch (error) {
      if (!(error instanceof DuplicateEvent)) throw error;
      const why = "One or more of the arguments submitted is incorrect";
      return exception(400, why, error.message, "System.ArgumentException");
    }
  }
  const json = JSON.stringify(body);
  if (!isFinished(instance.status)) return { status: 202, json, headers: { Location: url, "Retry-After": "5" } };
  const asError = instance.status === Status.Failed && isOn(query.get("returninternalservererroronfailure"), false);
  return { status: asError ? 500 : 200, json };
}

const defaultPage = 100;
const largestPage = 2 ** 31 - 1; // of a .NET int; what is beyond it is no number there

/** `GET instances` */
export function listInstances({ client }: WebhookContext, request: WebhookRequest): WebhookAnswer {
  const { query } = request;
  const top = Math.trunc(Number(query.get("top")));
  const page = top > 0 && top <= largestPage ? top : defaultPage;
  const found = client.list({ ...filterOf(request), limit: page + 1 });
  const next = found[page]?.id;
  const shown = found.slice(0, page).map((instance) => instanceStatus(instance, isOn(query.get("showinput"), true)));
  const token = next === undefined ? "" : Buffer.from(next).toString("base64");
  return { status: 200, json: JSON.stringify(shown), headers: { "x-ms-continuation-token": token } };
}

/** `DELETE instances/{id}` */
export async function purgeInstance({ client }: WebhookContext, id: string): Promise<WebhookAnswer> {
  const outcome = await client.purge(id);
  if (outcome === "unknown") return notFound;
  if (outcome === "purged") return { status: 200, json: '{"instancesDeleted":1}' };
  const status = statusNames[client.find(id)?.status ?? Status.Running];
  const text =
    "Only orchestrations in a terminal state can be purged, " +
    `but the orchestration with instance ID ${id} has status ${status}`;
  return { status: 412, json: JSON.stringify(text) };
}

/** `DELETE instances`: without a status in the query it takes running instances, too, as on Azure. */
export async function purgeInstances({ client }: WebhookContext, request: WebhookRequest): Promise<WebhookAnswer> {
  const filter = filterOf(request);
  if (time(request.query.get("createdtimefrom")) === undefined) {
    return { status: 400, json: JSON.stringify("Please provide value for 'createdTimeFrom' parameter.") };
  }
  const statuses = filter.statuses?.filter(isFinished) ?? null;
  const deleted = await client.purgeAll({ ...filter, statuses, limit: -1 });
  return deleted === 0 ? notFound : { status: 200, json: JSON.stringify({ instancesDeleted: deleted }) };
}

function filterOf({ query, continuationToken }: WebhookRequest): Omit<InstanceFilter, "limit"> {
  return {
    prefix: query.get("instanceidprefix") ?? "",
    createdFrom: time(query.get("createdtimefrom")) ?? 0,
    createdTo: time(query.get("createdtimeto")) ?? Number.MAX_SAFE_INTEGER,
    statuses: statusesOf(query.get("runtimestatus")),
    from: Buffer.from(continuationToken, "base64").toString(),
  };
}

function time(text: string | undefined): number | undefined {
  const value = Date.parse(text ?? "");
  return Number.isNaN(value) ? undefined : value;
}

/** Names that are no status are left out, as by the real host. */
function statusesOf(text: string | undefined): number[] | null {
  if (text === undefined || text === "") return null;
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  const found = names.map((name) => statusNames.findIndex((known) => known.toLowerCase() === name));
  const known = found.filter((status) => status >= 0);
  return known.length > 0 ? known : null;
}
