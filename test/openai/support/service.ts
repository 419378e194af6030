import OpenAI from "openai";
import { checkedFetch } from "../../local/model/support/checked-fetch.ts";
import { startSystem } from "../../support/system.ts";

export type Service = Awaited<ReturnType<typeof startService>>;

/** The service as its users run it: the local host with the app, and the local model server, both as processes. */
export async function startService({ modelSeconds = 0.1, showToolCalls = false } = {}) {
  const system = await startSystem({ modelSeconds, modelUrl: null });
  const env = { NIGHTSHIFT_LOOK_MIN_SECONDS: "0.1", NIGHTSHIFT_SHOW_TOOL_CALLS: String(showToolCalls) };
  const startHost = (port = "0") => system.startHost({ ...env, PORT: port }, "test/openai/apps/app.ts");
  const host = await startHost();
  const checked = checkedFetch();
  const baseURL = `${host.url}/v1`;
  const client = new OpenAI({ baseURL, apiKey: "any", fetch: checked.fetch });
  const requests = () => system.requests();
  return { stop: () => system.stop(), requests, host, startHost, baseURL, client, checked };
}
