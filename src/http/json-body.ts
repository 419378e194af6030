import { messageOf, NightshiftError } from "../errors.ts";

const maxBytes = 1024 * 1024;

/**
 * The body as JSON, at most 1 MiB of UTF-8.
 * @throws NightshiftError `unsupported_media_type`, `body_too_large`, `invalid_json`
 */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:json|[\w.-]+\+json)\s*(?:;|$)/i.test(type)) {
    const sent = type === "" ? "no content type" : type;
    throw new NightshiftError("unsupported_media_type", `The body is ${sent}: send content-type: application/json.`);
  }
  const text = await readText(request);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NightshiftError("invalid_json", `The body is not JSON: ${messageOf(error)}.`);
  }
}

/** The same for a request that may have no body: then `{}`. */
export async function readOptionalJson(request: Request): Promise<unknown> {
  const empty = request.body === null || (request.headers.get("content-type") === null && (await isEmpty(request)));
  return empty ? {} : readJson(request);
}

async function isEmpty(request: Request): Promise<boolean> {
  return (await readText(request.clone())) === "";
}

/**
 * The body as text, at most 1 MiB of UTF-8.
 * @throws NightshiftError `body_too_large`, `invalid_json`
 */
export async function readText(request: Request): Promise<string> {
  return decode(await readAtMost(request.body ?? [], announcedBytes(request)));
}

function announcedBytes({ headers }: Request): number {
  return Number(headers.get("content-length") ?? 0);
}

async function readAtMost(body: AsyncIterable<Uint8Array> | [], announced: number): Promise<Uint8Array> {
  if (announced > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    // The caller went away: nobody reads this answer, but it is no fault of ours either.
    throw new NightshiftError("invalid_json", "The body broke off.", { cause: error });
  }
  if (size > maxBytes) throw tooLarge();
  return Buffer.concat(chunks);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new NightshiftError("invalid_json", "The body is not UTF-8.");
  }
}

function tooLarge(): NightshiftError {
  return new NightshiftError("body_too_large", `The body is larger than ${maxBytes} bytes (1 MiB).`);
}
