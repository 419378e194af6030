/** Server-sent events: the event's name is its type, and there is no id (responses-api.md, section 5.1). */
export function namedEvent(event: { type: string }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** As Chat Completions has them: data only. */
export function dataEvent(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

export const keepAlive = ": keep-alive\n\n";

const encoder = new TextEncoder();

/** One write for each text; when the client goes away the texts' `finally` runs. */
export function eventStream(texts: AsyncGenerator<string>): Response {
  const bytes = ReadableStream.from(encoded(texts));
  return new Response(bytes, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    },
  });
}

async function* encoded(texts: AsyncGenerator<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield encoder.encode(text);
}
