import type { JSONValue, SqlQuerySpec } from "@azure/cosmos";
import type { Instant, RunId } from "../run/ids.ts";
import { labelOf, positionOf, runDocumentId } from "./cosmos-documents.ts";
import type { RunQuery } from "./run-store.ts";

/**
 * The runs of a list, in every partition. The order begins with each property that is equal throughout, so that one of
 * the composite indexes of infra/containers.json serves it; a session has so few runs that it needs no other property.
 */
export function listQuery(query: RunQuery): SqlQuerySpec {
  const { agent, statuses, sessionId, createdAfter } = query;
  const [status, ...otherStatuses] = statuses;
  const before = earlier(query.createdBefore, query.after && positionOf(query.after));
  const where = ["c.run.caller = @caller"];
  const order = ["c.run.caller ASC"];
  const values: Record<string, JSONValue> = { caller: query.caller };
  if (sessionId !== null) {
    where.push("c.run.sessionId = @sessionId");
    order.push("c.run.sessionId ASC");
    values.sessionId = sessionId;
  }
  if (agent !== null) {
    where.push("c.run.agent = @agent");
    if (sessionId === null) order.push("c.run.agent ASC");
    values.agent = agent;
  }
  if (status !== undefined && otherStatuses.length === 0) {
    where.push("c.run.status = @status");
    if (sessionId === null) order.push("c.run.status ASC");
    values.status = status;
  } else if (status !== undefined) {
    where.push(`c.run.status IN (${statuses.map((_, index) => `@status${index}`).join(", ")})`);
    for (const [index, each] of statuses.entries()) values[`status${index}`] = each;
  }
  if (createdAfter !== null) {
    where.push("c.position >= @from");
    values.from = createdAfter;
  }
  if (before !== null) {
    where.push("c.position < @before");
    values.before = before;
  }
  Object.entries(query.metadata).forEach((pair, index) => {
    where.push(`ARRAY_CONTAINS(c.labels, @label${index})`);
    values[`label${index}`] = labelOf(pair);
  });
  order.push("c.position DESC");
  return spec(`SELECT * FROM c WHERE ${where.join(" AND ")} ORDER BY ${order.join(", ")}`, values);
}

/** Ids of runs for which something is to be done (only they have a next look) before `before`, the longest overdue first. */
export function overdueQuery(before: Instant): SqlQuerySpec {
  return spec("SELECT c.runId FROM c WHERE c.nextLookAt < @before ORDER BY c.nextLookAt", { before });
}

/** Runs of one caller that have not ended (they have a next look, as few others have): one small row for each. */
export function unendedQuery(caller: string): SqlQuerySpec {
  const ended = '("completed", "failed", "cancelled", "incomplete")';
  const where = `c.run.caller = @caller AND c.nextLookAt > "" AND NOT (c.run.status IN ${ended})`;
  return spec(`SELECT c.runId FROM c WHERE ${where} ORDER BY c.nextLookAt`, { caller });
}

/** Ids of tombstones that are due before `before`, the longest due first. */
export function dueTombstonesQuery(before: Instant): SqlQuerySpec {
  const where = "c.tombstone.nextLookAt < @before";
  return spec(`SELECT c.runId FROM c WHERE ${where} ORDER BY c.tombstone.nextLookAt`, { before });
}

/** The events of one run (only they have a number) above `after`. */
export function eventsQuery(runId: RunId, after: number): SqlQuerySpec {
  return spec("SELECT * FROM c WHERE c.runId = @runId AND c.n > @after ORDER BY c.n", { runId, after });
}

/** The ids of whatever is stored under one run. */
export function idsQuery(runId: RunId): SqlQuerySpec {
  return spec("SELECT c.id FROM c WHERE c.runId = @runId", { runId });
}

/** The same without the document of the run itself. */
export function contentIdsQuery(runId: RunId): SqlQuerySpec {
  return spec("SELECT c.id FROM c WHERE c.runId = @runId AND c.id != @run", { runId, run: runDocumentId });
}

function spec(query: string, values: Record<string, JSONValue>): SqlQuerySpec {
  return { query, parameters: Object.entries(values).map(([name, value]) => ({ name: `@${name}`, value })) };
}

/** The lower of two bounds; a bare instant lies below every position that begins with it. */
function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
