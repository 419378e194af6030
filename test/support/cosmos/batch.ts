import { z } from "zod";

/** One request to the server behind the front. */
export type Ask = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
) => Promise<{ status: number; body: unknown }>;

const Body = z.looseObject({ id: z.string() });
const Operation = z.discriminatedUnion("operationType", [
  z.looseObject({ operationType: z.literal("Create"), resourceBody: Body }),
  z.looseObject({ operationType: z.literal("Upsert"), resourceBody: Body }),
  z.looseObject({
    operationType: z.literal("Replace"),
    id: z.string(),
    ifMatch: z.string().optional(),
    resourceBody: Body,
  }),
  z.looseObject({ operationType: z.literal("Delete"), id: z.string(), ifMatch: z.string().optional() }),
]);
type Operation = z.infer<typeof Operation>;
const Stored = z.looseObject({ _etag: z.string() });

interface Result {
  statusCode: number;
  requestCharge: number;
  eTag?: string;
  resourceBody?: unknown;
}

/**
 * A transactional batch as Cosmos DB executes it: every operation is checked against what the ones before it would leave,
 * and none is applied unless all can be. Nothing else may be asked of the server meanwhile.
 */
export async function executeBatch(
  operationsText: string,
  { docs, partition, keyPath, ask }: { docs: string; partition: string; keyPath: string; ask: Ask },
): Promise<{ status: number; body: unknown }> {
  const parsed = z.array(Operation).safeParse(JSON.parse(operationsText));
  if (!parsed.success) return refusal(`The operations cannot be read: ${z.prettifyError(parsed.error)}`);
  const operations = parsed.data;
  if (operations.length > 100) return refusal("Batch request has more operations than what is supported.");
  const fault = operations.map((operation) => faultOf(operation, partition, keyPath)).find((found) => found !== null);
  if (fault) return refusal(fault);

  const pathOf = (id: string) => `${docs}/${encodeURIComponent(id)}`;
  const headers = { "x-ms-documentdb-partitionkey": partition };
  const etags = new Map<string, string | null>(); // null: no such document; "": written in this batch
  for (const [index, operation] of operations.entries()) {
    const id = idOf(operation);
    if (!etags.has(id)) {
      const { status, body } = await ask("GET", pathOf(id), headers);
      etags.set(id, status === 200 ? Stored.parse(body)._etag : null);
    }
    const statusCode = refusalOf(operation, etags.get(id) ?? null);
    if (statusCode !== null) {
      const failed = (statusCode: number): Result => ({ statusCode, requestCharge: 0 });
      return { status: 207, body: operations.map((_, each) => failed(each === index ? statusCode : 424)) };
    }
    etags.set(id, operation.operationType === "Delete" ? null : "");
  }

  const results: Result[] = [];
  for (const operation of operations) {
    const { status, body } = await apply(operation);
    if (status >= 400) throw new Error(`The server refused what was checked: ${operation.operationType} ${status}`);
    const { data } = Stored.safeParse(body);
    results.push({ statusCode: status, requestCharge: 1, ...(data && { eTag: data._etag, resourceBody: data }) });
  }
  return { status: 200, body: results };

  function apply(operation: Operation) {
    switch (operation.operationType) {
      case "Create":
        return ask("POST", docs, headers, operation.resourceBody);
      case "Upsert":
        return ask("POST", docs, { ...headers, "x-ms-documentdb-is-upsert": "true" }, operation.resourceBody);
      case "Replace":
        return ask("PUT", pathOf(operation.id), headers, operation.resourceBody);
      case "Delete":
        return ask("DELETE", pathOf(operation.id), headers);
    }
  }
}

function idOf(operation: Operation): string {
  return operation.operationType === "Create" || operation.operationType === "Upsert"
    ? operation.resourceBody.id
    : operation.id;
}

/** The status that stops `operation` on a document whose ETag is `etag`; null: it can be applied. */
function refusalOf(operation: Operation, etag: string | null): number | null {
  switch (operation.operationType) {
    case "Create":
      return etag === null ? null : 409;
    case "Upsert":
      return null;
    case "Replace":
    case "Delete":
      if (etag === null) return 404;
      return operation.ifMatch === undefined || operation.ifMatch === etag ? null : 412;
  }
}

function faultOf(operation: Operation, partition: string, keyPath: string): string | null {
  if (!/^[^/\\?#]{1,255}$/.test(idOf(operation))) return `The id ${idOf(operation)} is not one.`;
  if (operation.operationType === "Delete") return null;
  const body = operation.resourceBody;
  if (JSON.stringify([body[keyPath]]) !== partition) return `${body.id} lies in another partition than the batch.`;
  const ttl = body.ttl;
  if (ttl !== undefined && !(Number.isInteger(ttl) && (ttl === -1 || Number(ttl) > 0))) return `ttl ${ttl} is not one.`;
  if (operation.operationType === "Replace" && operation.id !== body.id) return "The id differs from that of the body.";
  return null;
}

function refusal(message: string): { status: number; body: unknown } {
  return { status: 400, body: { code: "BadRequest", message } };
}
