import ipaddr from "ipaddr.js";

/** Where IPv6 hands out its global addresses; outside of it lie also forms that hold an IPv4 address. */
const globalUnicast = ipaddr.parseCIDR("2000::/3");
/** Azure's own services for the machine that asks: an address of the public ranges that leads inwards. */
const azureWireServer = "168.63.129.16";

/**
 * True for an address that the whole Internet reaches. Loopback, private, link-local (metadata services among them),
 * unique-local, multicast, reserved and translated ranges are not, nor is an IPv4 address that is written as IPv6.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || text === azureWireServer) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || address.match(globalUnicast);
}
