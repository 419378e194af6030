import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Server } from "node:net";

/**
 * Does `work` and returns what it gives, with the servers that began to listen meanwhile. The library starts one of its
 * own for streams and gives no way to close it; it keeps no process alive from here on.
 */
export async function serversOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; servers: Server[] }> {
  const servers: Server[] = [];
  const notice = (message: unknown) => {
    const { server }: { server?: unknown } = Object(message);
    if (!(server instanceof Server)) return;
    server.unref();
    servers.push(server);
  };
  const channel = "tracing:net.server.listen:asyncStart";
  subscribe(channel, notice);
  try {
    return { result: await work(), servers };
  } finally {
    unsubscribe(channel, notice);
  }
}
