import { appendFileSync } from "node:fs";
import { startHost } from "../../../../local/host/start-host.ts";
import type { Invoke } from "../../../../local/host/worker/invocation.ts";

/** `<entry> <state file> [<tap file>]`: runs an app and writes its calls to the tap file, as the recorder's preload did. */
const [entry = "", stateFile = "", tapFile = ""] = process.argv.slice(2);

function tapped(invoke: Invoke): Invoke {
  return async (target, invocation) => {
    const { invocationId } = invocation;
    const write = (dir: string, msg: object) =>
      appendFileSync(tapFile, `${JSON.stringify({ t: Date.now(), dir, msg })}\n`);
    write("host->worker", { invocationRequest: { ...invocation, functionId: target.metadata.name } });
    try {
      const response = await invoke(target, invocation);
      write("worker->host", { invocationResponse: { ...response, result: { status: 1 } } });
      return response;
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      const result = { status: 0, exception: { message, stackTrace: stack } };
      write("worker->host", { invocationResponse: { invocationId, result } });
      throw error;
    }
  };
}

const host = await startHost({
  entry,
  port: 0,
  hostname: "127.0.0.1",
  stateFile,
  synchronous: "normal",
  log: ({ level, category, message }) => process.stderr.write(`${level} [${category}] ${message}\n`),
  ...(tapFile !== "" && { interpose: tapped }),
  setEnvironment: (name, value) => {
    process.env[name] = value;
  },
});
process.stdout.write(`${JSON.stringify({ ready: true, url: host.url, pid: process.pid })}\n`);
