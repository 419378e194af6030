import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/** What one request is answered. A text body is sent as it is, everything else as JSON. `then`: instead of the end. */
export type Reply =
  | { status: number; body: unknown; headers?: Readonly<Record<string, string>>; then?: "cut" | "stall" }
  /** Cuts the connection before the body was read, or after. */
  | "drop-before"
  | "drop-after"
  /** Sends nothing, or nothing after the headers and some bytes. */
  | "hang"
  | "stall"
  /** Cuts the connection in the middle of the answer. */
  | "cut";

interface ReceivedRequest {
  line: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

export type Answering = (request: ReceivedRequest) => Reply;

/** A provider at an address of its own that answers each request as `answering` says, and keeps what it was asked. */
export interface ScriptedProvider {
  url: string;
  received: ReceivedRequest[];
  close(): Promise<void>;
}

export async function scriptedProvider(answering: Answering): Promise<ScriptedProvider> {
  const received: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const line = `${request.method} ${request.url}`;
    const known = { line, headers: request.headers, body: undefined };
    received.push(known);
    const reply = answering(known);
    if (reply === "drop-before") return void request.socket.destroy();
    const body = await text(request);
    if (body !== "") received[received.indexOf(known)] = { ...known, body: JSON.parse(body) };
    send(reply, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    received,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with `replies` in their order; one request more is a fault of the test. */
export function inOrder(...replies: Reply[]): Answering {
  const left = [...replies];
  return ({ line }) => left.shift() ?? { status: 500, body: `${line} is not in the script` };
}

function send(reply: Exclude<Reply, "drop-before">, response: ServerResponse): void {
  if (reply === "hang") return;
  if (reply === "drop-after") return void response.destroy();
  if (reply === "stall" || reply === "cut") {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"id":', () => reply === "cut" && response.destroy());
    return;
  }
  const { status, body, headers = {}, then } = reply;
  const sent = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  if (then) response.write(sent, () => then === "cut" && response.destroy());
  else response.end(sent);
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  return address.port;
}

/** An address that nobody listens on. */
export async function deadAddress(): Promise<string> {
  const provider = await scriptedProvider(() => "hang");
  await provider.close();
  return provider.url;
}

/** A response object as the API writes it, of which a test says what matters to it. */
export function wireResponse(matters: Readonly<Record<string, unknown>> = {}) {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1_795_510_800,
    status: "completed",
    background: true,
    completed_at: null,
    error: null,
    incomplete_details: null,
    instructions: "Answer in one sentence.",
    max_output_tokens: null,
    model: "gpt-6-sol",
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: "medium", summary: null },
    service_tier: "default",
    store: true,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    truncation: "disabled",
    usage: {
      input_tokens: 36,
      input_tokens_details: { cached_tokens: 32, cache_write_tokens: 0 },
      output_tokens: 87,
      output_tokens_details: { reasoning_tokens: 64 },
      total_tokens: 123,
    },
    metadata: {},
    ...matters,
  };
}

/** The usage of `wireResponse` in the words of the port. */
export const usage = { inputTokens: 36, cachedTokens: 32, outputTokens: 87, reasoningTokens: 64, totalTokens: 123 };

export function messageItem(...content: Readonly<Record<string, unknown>>[]) {
  return { type: "message", id: "msg_1", role: "assistant", status: "completed", content };
}

export function textPart(said: string) {
  return { type: "output_text", text: said, annotations: [], logprobs: [] };
}

export function callItem(id: string, name: string, args: string) {
  return { type: "function_call", id: `fc_${id}`, call_id: id, name, arguments: args, status: "completed" };
}

/** The API's error envelope. */
export function errorBody(code: unknown, message = "The reason.") {
  return { error: { message, type: "invalid_request_error", param: null, code } };
}
