import path from "node:path";
import { type Host, startHost } from "../../local/host/start-host.ts";

/** One of the apps beside this file on a local host in this process, its state in memory; a process has one. */
export function startApp(name: string): Promise<Host> {
  return startHost({
    entry: path.resolve("test/functions/apps", name),
    hostJson: path.resolve("test/local/host/apps/host.json"),
    port: 0,
    hostname: "127.0.0.1",
    stateFile: ":memory:",
    synchronous: "normal",
    log: () => {},
    setEnvironment: (variable, value) => {
      process.env[variable] = value;
    },
  });
}
