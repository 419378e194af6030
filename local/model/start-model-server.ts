import { once } from "node:events";
import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./app.ts";
import { openDatabase } from "./database.ts";
import { openStores } from "./open-stores.ts";
import { type ModelServerOptions, withDefaults } from "./settings.ts";

export interface ModelServer {
  url: string;
  close(): Promise<void>;
}

/**
 * Starts the model server. Its answers are made by rules, not by a language model.
 * @throws Error when the port is taken or the state cannot be used, saying so
 */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const database = openDatabase(options.stateFile);
  const stores = openStores(database, withDefaults(options));
  const app = createApp(stores);
  const server = createServer(getRequestListener(app.fetch));
  server.keepAliveTimeout = 120_000; // nobody is to meet a reset that was not ordered
  server.listen(options.port, options.hostname);
  try {
    await once(server, "listening");
  } catch (error) {
    await stores.webhooks.stop();
    database.close();
    throw portError(error, options.port);
  }
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  return {
    url: `http://${options.hostname}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await stores.work.idle();
      await stores.webhooks.stop();
      stores.journal.flush();
      database.close();
    },
  };
}

function portError(error: unknown, port: number): unknown {
  const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  return taken ? new Error(`Port ${port} is taken: stop what listens there, or give another --port.`) : error;
}
