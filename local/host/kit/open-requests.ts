import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";

/** The HTTP requests that this process has sent, by `fetch` or `node:http`, and whose answer has not fully come. */
export interface OpenRequests {
  count(): number;
}

/** Watches from now on, for as long as the process lives: Node tells of each request, whoever makes it. */
export function watchRequests(onChange: () => void): OpenRequests {
  const open = new Set<object>();
  const begin = (request: object) => {
    open.add(request);
    onChange();
  };
  const end = (request: object) => {
    if (open.delete(request)) onChange();
  };
  const on = <Message>(channel: string, notice: (message: Message) => void) =>
    subscribe(channel, (message) => notice(message as Message)); // Node's documentation says what each channel tells

  on<{ request: object }>("undici:request:create", ({ request }) => begin(request));
  on<{ request: object }>("undici:request:trailers", ({ request }) => end(request));
  on<{ request: object }>("undici:request:error", ({ request }) => end(request));

  on<{ request: ClientRequest }>("http.client.request.created", ({ request }) => {
    begin(request);
    request.once("close", () => end(request));
  });
  on<{ request: ClientRequest; response: IncomingMessage }>("http.client.response.finish", ({ request, response }) => {
    response.once("end", () => end(request)); // a connection that is kept alive does not always close the request
  });
  return { count: () => open.size };
}
