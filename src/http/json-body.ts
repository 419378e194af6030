import type { z } from "zod";
import { NightshiftError } from "../errors.ts";
import { faultsOf } from "./faults.ts";
import { invalidRequest } from "./problem.ts";

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
  const text = decode(await readAtMost(request, maxBytes));
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new NightshiftError(
      "invalid_json",
      `The body is not JSON: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

/**
 * `value` as `schema` has it.
 * @throws NightshiftError `invalid_request`, listing every fault with its path
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(faultsOf(parsed.error.issues));
}

async function readAtMost(request: Request, limit: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > limit) throw tooLarge();
    chunks.push(chunk);
  }
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
