import { isPublicAddress } from "./public-address.ts";

export interface UrlRules {
  /** Also plain `http:`, and addresses that only this network reaches. */
  privateAllowed: boolean;
}

const longest = 2048;

/** Why a webhook may not be sent to `text`, as far as the address itself tells; null: it may. Names are resolved later. */
export function webhookUrlFault(text: string, { privateAllowed }: UrlRules): string | null {
  const url = URL.parse(text);
  if (url === null || text.length > longest)
    return `expected an absolute https: address of at most ${longest} characters`;
  if (url.protocol !== "https:" && !(privateAllowed && url.protocol === "http:")) {
    return "expected an address that begins with https://";
  }
  if (url.username !== "" || url.password !== "") return "an address with a name or password in it is not taken";
  const host = hostOf(url);
  if (privateAllowed || !isPrivateName(host)) return null;
  return `${host} is not a public address (NIGHTSHIFT_WEBHOOKS_PRIVATE=true would allow it)`;
}

/** The host's name or its address, as resolvers and sockets take it: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

/** A literal address that is not public, or a name that is this machine's by definition. */
function isPrivateName(host: string): boolean {
  if (/^(.*\.)?localhost\.?$/.test(host)) return true;
  const isLiteral = host.includes(":") || /^[\d.]+$/.test(host);
  return isLiteral && !isPublicAddress(host);
}
