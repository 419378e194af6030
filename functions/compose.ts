import { randomBytes } from "node:crypto";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import packageJson from "../package.json" with { type: "json" };
import type { Agent } from "../src/agent/define-agent.ts";
import type { Config, ModelSettings } from "../src/config.ts";
import type { Model } from "../src/model/model.ts";
import { responsesModel } from "../src/model/responses.ts";
import type { Clock, LogLine } from "../src/steps/services.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { AppServices } from "./register.ts";

/** Builds what the functions use from the settings; time, ids and randomness enter here. */
export async function compose(config: Config, agents: readonly Agent[]): Promise<AppServices> {
  const clock = systemClock();
  return {
    store: openSqliteStore({ path: path.join(config.state, "runs.db"), now: clock.now }),
    model: await modelOf(config.model),
    agents: new Map(agents.map((agent) => [agent.name, agent])),
    clock,
    process: { by: randomHex(8), sole: config.soleProcess },
    looks: { lookMinSeconds: config.lookMinSeconds, lookMaxSeconds: config.lookMaxSeconds },
    randomHex,
    log: writeLine,
    overdueSeconds: config.overdueSeconds,
    sweepSeconds: config.sweepSeconds,
    version: packageJson.version,
    modelName: config.model.model,
    publicUrl: config.publicUrl,
    nativeManagementUrls: config.nativeManagementUrls,
    streamSilenceSeconds: config.onAzure ? 15 : null,
  };
}

async function modelOf(settings: ModelSettings): Promise<Model> {
  const { baseUrl, model } = settings;
  if (settings.kind === "openai") return responsesModel({ baseUrl, model, apiKey: settings.apiKey });
  const { DefaultAzureCredential, getBearerTokenProvider, ManagedIdentityCredential } = await import("@azure/identity");
  const { clientId } = settings;
  const credential = clientId === null ? new DefaultAzureCredential() : new ManagedIdentityCredential({ clientId });
  const apiKey = getBearerTokenProvider(credential, "https://ai.azure.com/.default");
  return responsesModel({ baseUrl, model, apiKey });
}

function systemClock(): Clock {
  return {
    now: () => Date.now(),
    async sleep(seconds, signal) {
      // An abort ends the sleep, it is no failure; nothing else makes this timer reject.
      await setTimeout(seconds * 1000, undefined, { signal }).catch(() => undefined);
    },
  };
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

function writeLine({ level, ...line }: LogLine): void {
  console[level](JSON.stringify({ level, ...line }));
}
