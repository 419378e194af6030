import { NightshiftError } from "../errors.ts";
import type { Services } from "../steps/services.ts";
import { callerOfKey } from "./caller-keys.ts";

/** How callers say who they are: not at all, by a key of ours, or by the platform that stands before us. */
export type Auth = "none" | "keys" | "app-service";

/**
 * Who sent a request (api.md, section 5). With `none` there is one caller.
 * @throws NightshiftError `unauthenticated`
 */
export async function identify(
  { headers }: Request,
  services: Pick<Services, "store" | "clock"> & { auth: Auth },
): Promise<string> {
  switch (services.auth) {
    case "none":
      return "local";
    case "keys":
      return callerOfKey(headers.get("authorization"), services);
    case "app-service":
      return principalOf(headers);
  }
}

/** The platform sets these headers, and takes out what a caller puts there; settings see to it that it is there. */
function principalOf(headers: Headers): string {
  const provider = headers.get("x-ms-client-principal-idp");
  const id = headers.get("x-ms-client-principal-id");
  if (provider && id) return `${provider}:${id}`; // an id says who it is only within its provider
  throw new NightshiftError("unauthenticated", "Sign in with a provider that this app's authentication accepts.");
}
