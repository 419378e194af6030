import { findOperation, raiseEvent } from "./instance-operations.ts";
import { getStatus, listInstances, purgeInstance, purgeInstances } from "./instance-queries.ts";
import { startOrchestration } from "./start-orchestration.ts";
import { message, notFound, type WebhookAnswer, type WebhookContext, type WebhookRequest } from "./webhook.ts";

/** Answers one request to the instance API. Anything that the API does not have is a plain 404. */
export async function dispatch(context: WebhookContext, request: WebhookRequest): Promise<WebhookAnswer> {
  const [collection, ...rest] = request.segments;
  switch (collection?.toLowerCase()) {
    case "orchestrators":
      return orchestrators(context, request, rest);
    case "instances":
      return instances(
        context,
        request,
        rest.filter((segment) => segment !== ""),
      );
    case "entities":
      return message(501, "Entities are not offered by the local host.");
    default:
      return notFound;
  }
}

async function orchestrators(context: WebhookContext, request: WebhookRequest, path: string[]): Promise<WebhookAnswer> {
  const [name, id, ...more] = path;
  if (request.method !== "POST" || name === undefined || name === "" || more.length > 0) return notFound;
  return startOrchestration(context, request, name, id || null);
}

async function instances(context: WebhookContext, request: WebhookRequest, path: string[]): Promise<WebhookAnswer> {
  const [id, operation, eventName, ...more] = path;
  const { method } = request;
  if (id === undefined) {
    if (method === "GET") return listInstances(context, request);
    return method === "DELETE" ? purgeInstances(context, request) : notFound;
  }
  if (operation === undefined) {
    if (method === "GET") return getStatus(context, request, id);
    return method === "DELETE" ? purgeInstance(context, id) : notFound;
  }
  if (method !== "POST" || more.length > 0) return notFound;
  if (eventName !== undefined) {
    return operation.toLowerCase() === "raiseevent" ? raiseEvent(context, request, id, eventName) : notFound;
  }
  return findOperation(operation)?.(context, request, id) ?? notFound;
}
