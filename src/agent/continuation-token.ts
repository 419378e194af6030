import { z } from "zod";
import { NightshiftError } from "../errors.ts";

/** Where to pick the model's work up again: small, versioned, opaque to everyone but the provider's adapter. */
const ContinuationToken = z.strictObject({ v: z.literal(1), provider: z.string(), responseId: z.string().min(1) });

/** What a refusal names of any other text. */
const Legible = z.object({ v: z.unknown(), provider: z.unknown() }).catch({ v: undefined, provider: undefined });

export function encodeToken(provider: string, responseId: string): string {
  return Buffer.from(JSON.stringify({ v: 1, provider, responseId })).toString("base64url");
}

/**
 * The response id that a token of `provider` names.
 * @throws NightshiftError `token_invalid`, naming the version and the provider that were found
 */
export function decodeToken(provider: string, token: string): string {
  const content = contentOf(token);
  if (content === undefined) throw invalid("it is not base64url JSON");
  const parsed = ContinuationToken.safeParse(content);
  if (!parsed.success) {
    const { v, provider: maker } = Legible.parse(content);
    const made = `made by ${maker === undefined ? "nobody it names" : `provider ${JSON.stringify(maker)}`}`;
    if (v === 1) throw invalid(`it is of version 1, ${made}, but damaged`);
    const version = JSON.stringify(v) ?? "missing";
    throw invalid(`its version is ${version}, ${made}, and this program reads version 1 of "${provider}"`);
  }
  if (parsed.data.provider !== provider) {
    const maker = JSON.stringify(parsed.data.provider);
    throw invalid(`provider ${maker} made it, in version 1, and this model speaks "${provider}"`);
  }
  return parsed.data.responseId;
}

/** The provider that made a token; null for a token that cannot be used. */
export function providerOf(token: string): string | null {
  return ContinuationToken.safeParse(contentOf(token)).data?.provider ?? null;
}

/** Undefined for what is no JSON. */
function contentOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function invalid(reason: string): NightshiftError {
  return new NightshiftError("token_invalid", `This continuation token cannot be used: ${reason}. Start a new turn.`);
}
