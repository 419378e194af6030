import type { IncomingMessage } from "node:http";

/** The real host's limit of a request body. */
export const bodyLimit = 104_857_600;

export class BodyTooLarge extends Error {
  override name = "BodyTooLarge";
}

/** @throws BodyTooLarge, when the client has sent all of it, or a second later */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const announced = Number(request.headers["content-length"]);
  const chunks: Buffer[] = [];
  let length = announced > bodyLimit ? announced : 0;
  if (length === 0) {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length > bodyLimit) break;
      chunks.push(chunk);
    }
  }
  if (length > bodyLimit) {
    await drain(request);
    throw new BodyTooLarge();
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

const patience = 1000;

/** Lets a client send on, so that it comes to read the answer: it would otherwise see a broken connection. */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  request.resume();
  await new Promise<void>((resolve) => {
    const timeout = setTimeout(resolve, patience);
    const done = () => {
      clearTimeout(timeout);
      resolve();
    };
    request.once("end", done).once("close", done);
  });
}
