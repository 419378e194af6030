import assert from "node:assert/strict";
import { createParser } from "eventsource-parser";
import { specification } from "./specification.ts";

/** The schema of each answer, by the request's line without its numbers and ids. */
const schemas: readonly { line: RegExp; schema: string; event: string }[] = [
  { line: /^POST \/responses$/, schema: "Response", event: "ResponseStreamEvent" },
  { line: /^GET \/responses\/[^/]+$/, schema: "Response", event: "ResponseStreamEvent" },
  { line: /^POST \/responses\/[^/]+\/cancel$/, schema: "Response", event: "" },
  { line: /^GET \/responses\/[^/]+\/input_items$/, schema: "ResponseItemList", event: "" },
  { line: /^POST \/responses\/input_tokens$/, schema: "TokenCountsResource", event: "" },
  {
    line: /^POST \/chat\/completions$/,
    schema: "CreateChatCompletionResponse",
    event: "CreateChatCompletionStreamResponse",
  },
  { line: /^GET \/models$/, schema: "ListModelsResponse", event: "" },
  { line: /^GET \/models\/[^/]+$/, schema: "Model", event: "" },
  { line: /^(POST|GET) \/conversations(\/[^/]+)?$/, schema: "ConversationResource", event: "" },
  { line: /^DELETE \/conversations\/[^/]+$/, schema: "DeletedConversationResource", event: "" },
  { line: /^(POST|GET) \/conversations\/[^/]+\/items$/, schema: "ConversationItemList", event: "" },
  { line: /^GET \/conversations\/[^/]+\/items\/[^/]+$/, schema: "ConversationItem", event: "" },
  { line: /^DELETE \/conversations\/[^/]+\/items\/[^/]+$/, schema: "ConversationResource", event: "" },
];

export interface CheckedFetch {
  fetch: typeof fetch;
  /** Fails when an answer or an event so far did not fit its schema. */
  assertAllFit(): Promise<void>;
  /** How many answers and events were checked. */
  checked(): number;
}

/** `fetch` that holds every answer and every stream event against the vendors' schemas, where those are present. */
export function checkedFetch(): CheckedFetch {
  const faults: string[] = [];
  const pending = new Set<Promise<void>>();
  let count = 0;

  function check(schema: string, value: unknown, line: string): void {
    if (specification === null) return;
    count += 1;
    const found = specification.faults("openai", schema, withoutNullUsage(value)).slice(0, 3);
    if (found.length > 0)
      faults.push(`${line} as ${schema}: ${found.join("; ")}\n${JSON.stringify(value).slice(0, 500)}`);
    if (schema !== "Response") return;
    const other = specification.faults("open-responses", "ResponseResource", value).slice(0, 3);
    if (other.length > 0 && !usesMore(value)) faults.push(`${line} as Open Responses: ${other.join("; ")}`);
  }

  async function inspect(line: string, answer: Response): Promise<void> {
    if (!answer.ok) return check("ErrorResponse", await answer.json(), line);
    const row = schemas.find((each) => each.line.test(line));
    if (!row) return;
    if (!answer.headers.get("content-type")?.startsWith("text/event-stream"))
      return check(row.schema, await answer.json(), line);
    const parser = createParser({
      onEvent: ({ data }) => {
        if (data === "[DONE]") return;
        const event: unknown = JSON.parse(data);
        check(isError(event) ? "ErrorResponse" : row.event, event, line);
      },
    });
    for await (const text of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(text);
  }

  return {
    async fetch(input, init) {
      const answer = await fetch(input, init);
      const url = new URL(input instanceof Request ? input.url : input);
      const line = `${init?.method ?? "GET"} ${url.pathname.replace(/^(\/openai)?\/v1/, "")}`;
      const work = inspect(line, answer.clone()).catch((error: unknown) => {
        if (!isBrokenOnOrder(error)) faults.push(`${line} could not be checked: ${error}`);
      });
      pending.add(work);
      void work.finally(() => pending.delete(work));
      return answer;
    },
    async assertAllFit() {
      await Promise.all(pending);
      assert.deepEqual(faults, []);
    },
    checked: () => count,
  };
}

/** Cut by the server, left by the client, or half of its JSON: the client sees it too. Anything else is a fault of a check. */
function isBrokenOnOrder(error: unknown): boolean {
  if (error instanceof TypeError) return error.message === "terminated"; // as fetch has it
  return error instanceof SyntaxError || (error instanceof DOMException && error.name === "AbortError");
}

/** A stream of chunks has no type of event for an error: it is the envelope. */
function isError(event: unknown): boolean {
  return typeof event === "object" && event !== null && "error" in event && !("type" in event);
}

/** OpenAI's schema has no null for `usage`; its service answers so before the end (responses-api.md, section 1.3). */
function withoutNullUsage(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, member) => (name === "usage" && member === null ? undefined : member)),
  );
}

/** MCP tools, schemas of answers and the least and the greatest effort: OpenAI's own, unknown to the Open Responses document. */
function usesMore(value: unknown): boolean {
  const text = JSON.stringify(value);
  return /"type":"mcp|"json_schema"|"effort":"(minimal|max)"/.test(text);
}
