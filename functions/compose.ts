import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import packageJson from "../package.json" with { type: "json" };
import type { Agent } from "../src/agent/define-agent.ts";
import type { Config } from "../src/config.ts";
import { NightshiftError } from "../src/errors.ts";
import { type AzureCredentials, azureCredentials } from "../src/model/azure-credentials.ts";
import { chatCompletionsModel } from "../src/model/chat-completions.ts";
import type { Model } from "../src/model/model.ts";
import { modelByApi } from "../src/model/model-by-api.ts";
import { openProvider } from "../src/model/open-provider.ts";
import { openaiWebhooks } from "../src/model/openai-webhooks.ts";
import type { ProviderSettings } from "../src/model/provider-client.ts";
import { responsesModel } from "../src/model/responses.ts";
import type { Clock, LogLine } from "../src/steps/services.ts";
import type { RunStore } from "../src/store/run-store.ts";
import { aroundOf } from "../src/telemetry/around.ts";
import { traced } from "../src/telemetry/traced.ts";
import { httpWebhooks } from "../src/webhooks/http-webhooks.ts";
import type { AppServices } from "./register.ts";
import { startTelemetry } from "./telemetry/start-telemetry.ts";

/** Builds what the functions use from the settings; time, ids and randomness enter here. */
export async function compose(config: Config, agents: readonly Agent[]): Promise<AppServices> {
  const clock = systemClock();
  const credentials = azureCredentials();
  const by = randomHex(8);
  const provider = await openProvider(config.model, credentials);
  const webhooks = webhooksOf(config, agents, provider);
  const [store, telemetry] = await Promise.all([
    storeOf(config, clock.now, credentials),
    telemetryOf(config, agents, clock, by, credentials),
  ]);
  const models = {
    responses: responsesModel(provider),
    "chat-completions": chatCompletionsModel({ ...provider, turnSeconds: config.chatSeconds }),
  };
  const model = modelByApi(models, config.modelApi);
  const services: AppServices = {
    store,
    model,
    webhooks,
    webhooksPrivate: config.webhooksPrivate,
    webhookSender: webhookSenderOf(config, clock),
    agents: new Map(agents.map((agent) => [agent.name, agent])),
    clock,
    process: { by, sole: config.soleProcess },
    looks: { lookMinSeconds: config.lookMinSeconds, lookMaxSeconds: config.lookMaxSeconds },
    randomHex,
    log: writeLine,
    overdueSeconds: config.overdueSeconds,
    sweepSeconds: config.sweepSeconds,
    auth: config.auth,
    requestsPerMinute: config.requestsPerMinute,
    unendedRuns: config.unendedRuns,
    lateSeconds: longestActivitySeconds(agents, model) + 3600,
    version: packageJson.version,
    modelName: config.model.model,
    publicUrl: config.publicUrl,
    nativeManagementUrls: config.nativeManagementUrls,
    foregroundSeconds: config.foregroundSeconds,
    showToolCalls: config.showToolCalls,
    streamSilenceSeconds: config.onAzure ? 15 : null,
  };
  return telemetry ? { ...traced(services, telemetry), around: aroundOf(telemetry) } : services;
}

async function telemetryOf(
  config: Config,
  agents: readonly Agent[],
  clock: Clock,
  by: string,
  credential: AzureCredentials,
) {
  if (!config.telemetry) return null;
  const models = new Map(agents.map(({ name, model }) => [name, model]));
  return startTelemetry(config.telemetry, {
    model: config.model,
    database: config.store.kind === "cosmos" ? "azure.cosmosdb" : "sqlite",
    modelOf: (agent) => models.get(agent) ?? config.model.model,
    now: clock.now,
    log: writeLine,
    version: packageJson.version,
    by,
    credential,
  });
}

/** Something of a run can come as long as one of its turns or tools may still be at work. */
function longestActivitySeconds(agents: readonly Agent[], model: Model): number {
  const tools = agents.flatMap(({ tools }) => tools.map(({ timeoutSeconds }) => timeoutSeconds));
  return Math.max(...tools, ...agents.map(({ api }) => model.terms(api).startSeconds), 0);
}

/** @throws NightshiftError `bad_settings` where they could ring for no agent */
function webhooksOf({ webhookSecret, modelApi }: Config, agents: readonly Agent[], provider: ProviderSettings) {
  if (webhookSecret === null) return null;
  if (agents.some(({ api }) => (api ?? modelApi) === "responses")) return openaiWebhooks(provider, webhookSecret);
  const message = "OPENAI_WEBHOOK_SECRET: no agent uses the Responses API, and Chat Completions has no webhooks.";
  throw new NightshiftError("bad_settings", message);
}

export async function storeOf(
  { store, state }: Pick<Config, "store" | "state">,
  now: () => number,
  credentials: AzureCredentials = azureCredentials(),
): Promise<RunStore> {
  if (store.kind === "sqlite") {
    const { openSqliteStore } = await import("../src/store/sqlite.ts");
    return openSqliteStore({ path: path.join(state, "runs.db"), now });
  }
  const { openCosmosStore } = await import("../src/store/cosmos.ts");
  const { endpoint, database, identity, keepSeconds } = store;
  const credential = "key" in identity ? identity : { token: await credentials(identity.clientId) };
  const sleep = (seconds: number) => setTimeout(seconds * 1000);
  return openCosmosStore({ endpoint, database, credential, keepSeconds, requestSeconds: 10, now, sleep, randomHex });
}

function webhookSenderOf({ webhooksPrivate: privateAllowed }: Config, { now }: Clock) {
  const resolve = (host: string) => lookup(host, { all: true });
  return httpWebhooks({ privateAllowed, timeoutSeconds: 20, resolve, now });
}

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    async sleep(seconds, signal) {
      // An abort ends the sleep, it is no failure; nothing else makes this timer reject.
      await setTimeout(seconds * 1000, undefined, { signal }).catch(() => undefined);
    },
  };
}

export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

function writeLine({ level, ...line }: LogLine): void {
  console[level](JSON.stringify({ level, ...line }));
}
