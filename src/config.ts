import { z } from "zod";
import { NightshiftError } from "./errors.ts";

const seconds = z.coerce.number().positive();
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const count = z.coerce.number().int().min(1).max(1_000_000);
const port = z.coerce.number().int().min(0).max(65535);
const url = z.url({ protocol: /^https?$/, error: "expected an address that begins with http:// or https://" });

/** Every setting that this program reads, as it stands in the environment (api.md, section 8). Durations are seconds. */
const Environment = z.object({
  PORT: port.default(7071),
  WEBSITE_INSTANCE_ID: z.string().optional(),
  /** The platform says so where its authentication stands before the app, and takes its headers out of requests. */
  WEBSITE_AUTH_ENABLED: z.string().optional(),
  OPENAI_BASE_URL: url.optional(),
  /** An app setting that refers to Key Vault is the reference itself while it leads to nothing. */
  OPENAI_API_KEY: z
    .string()
    .regex(/^(?!@Microsoft\.KeyVault\()/, "the Key Vault reference leads to no secret that this app may read")
    .optional(),
  AZURE_OPENAI_ENDPOINT: url.optional(),
  /** Of `/openai/v1/`. Its dated versions took tokens for https://cognitiveservices.azure.com. */
  AZURE_OPENAI_SCOPE: z
    .string()
    .regex(/^https:\/\/\S+\/\.default$/, "expected https://<audience>/.default")
    .default("https://ai.azure.com/.default"),
  OPENAI_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/_-]{16,}={0,2}$/, "expected whsec_ and base64, as the provider showed it")
    .optional(),
  AZURE_CLIENT_ID: z.string().min(1).optional(),
  NIGHTSHIFT_STATE: z.string().min(1).default(".nightshift"),
  NIGHTSHIFT_STORE: z.enum(["sqlite", "cosmos"]).optional(),
  NIGHTSHIFT_KEEP_SECONDS: z.coerce.number().int().min(86_400).max(315_360_000).optional(),
  COSMOS_ENDPOINT: url.optional(),
  COSMOS_KEY: z.string().min(1).optional(),
  COSMOS_DATABASE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,255}$/, "expected letters, digits, - and _")
    .default("nightshift"),
  NIGHTSHIFT_MODEL: z.string().min(1).optional(),
  NIGHTSHIFT_MODEL_API: z.enum(["responses", "chat-completions"]).default("responses"),
  NIGHTSHIFT_CHAT_SECONDS: seconds.max(86_400).default(600),
  NIGHTSHIFT_MODEL_PORT: port.default(7072),
  NIGHTSHIFT_MODEL_SECONDS: z.coerce.number().nonnegative().optional(),
  NIGHTSHIFT_TOOL_SECONDS: z.coerce.number().nonnegative().default(6),
  NIGHTSHIFT_LOOK_MIN_SECONDS: seconds.optional(),
  NIGHTSHIFT_LOOK_MAX_SECONDS: seconds.max(900).default(120),
  NIGHTSHIFT_OVERDUE_SECONDS: seconds.optional(),
  NIGHTSHIFT_SWEEP_SECONDS: seconds.optional(),
  NIGHTSHIFT_FOREGROUND_SECONDS: seconds.max(220).default(200),
  NIGHTSHIFT_SHOW_TOOL_CALLS: flag.default(false),
  NIGHTSHIFT_SOLE_PROCESS: flag.default(false),
  NIGHTSHIFT_AUTH: z.enum(["none", "keys", "app-service"]).optional(),
  NIGHTSHIFT_REQUESTS_PER_MINUTE: count.optional(),
  NIGHTSHIFT_UNENDED_RUNS: count.optional(),
  NIGHTSHIFT_WEBHOOKS_PRIVATE: flag.default(false),
  NIGHTSHIFT_PUBLIC_URL: url.optional(),
  NIGHTSHIFT_NATIVE_MANAGEMENT_URLS: flag.default(false),
  NIGHTSHIFT_TELEMETRY_CONTENT: flag.default(false),
  APPLICATIONINSIGHTS_CONNECTION_STRING: z
    .string()
    .regex(/(^|;)\s*InstrumentationKey=[0-9a-f-]{36}/i, "expected InstrumentationKey=…;IngestionEndpoint=…")
    .optional(),
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: z
    .string()
    .regex(/(^|;)\s*Authorization=AAD\s*(;|$)/i, "expected Authorization=AAD, with ClientId=… for a managed identity")
    .optional(),
  /** These and the other standard variables of OpenTelemetry are read by its SDK; here they say what to load. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.optional(),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url.optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_SERVICE_NAME: z.string().optional(),
  /** The platform's name of this app. */
  WEBSITE_SITE_NAME: z.string().optional(),
  /** Read by the local entry points; the app only knows the name. */
  NIGHTSHIFT_CRASH_AT: z
    .string()
    .regex(/^[^:]+:[1-9][0-9]*$/, "expected <point>:<k>")
    .optional(),
});
type Environment = z.infer<typeof Environment>;

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(Environment.shape);

/** Which provider answers, and how we say who we are. */
export type ModelSettings = { model: string } & (
  | { kind: "azure"; baseUrl: string; clientId: string | null; scope: string }
  | { kind: "openai"; baseUrl: string; apiKey: string }
);

/** Where runs live. An account is told who we are by a token, unless it has a key, as emulators have. */
export type StoreSettings =
  | { kind: "sqlite" }
  | {
      kind: "cosmos";
      endpoint: string;
      database: string;
      identity: { key: string } | { clientId: string | null };
      keepSeconds: number | null;
    };

/** Where spans and metrics go; each exporter is loaded only where it has somewhere to send to. */
export interface TelemetrySettings {
  /** `identity`: null where the connection string alone is taken. */
  azureMonitor: { connectionString: string; identity: { clientId: string | null } | null } | null;
  otlp: { traces: boolean; metrics: boolean };
  serviceName: string;
  /** Record what is asked and answered, too. */
  content: boolean;
}

export interface Config {
  state: string;
  store: StoreSettings;
  model: ModelSettings;
  modelApi: Environment["NIGHTSHIFT_MODEL_API"];
  chatSeconds: number;
  toolSeconds: number;
  lookMinSeconds: number;
  lookMaxSeconds: number;
  overdueSeconds: number;
  sweepSeconds: number;
  foregroundSeconds: number;
  showToolCalls: boolean;
  soleProcess: boolean;
  onAzure: boolean;
  auth: "none" | "keys" | "app-service";
  /** Of one caller. Null: no limit. */
  requestsPerMinute: number | null;
  unendedRuns: number | null;
  /** Null: webhooks of the provider are not taken. */
  webhookSecret: string | null;
  /** Callers' webhooks may go to addresses that only this network reaches, and without TLS. */
  webhooksPrivate: boolean;
  publicUrl: string | null;
  nativeManagementUrls: boolean;
  /** Null: nothing is traced or measured. */
  telemetry: TelemetrySettings | null;
}

/**
 * The settings that `environment` holds.
 * @throws NightshiftError `bad_settings`, naming each setting that is wrong or unknown and the form that is expected
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const unknown = Object.keys(given).filter((name) => name.startsWith("NIGHTSHIFT_") && !(name in Environment.shape));
  const parsed = Environment.safeParse(given);
  const faults = [
    ...unknown.map((name) => `${name}: there is no such setting. Names are in the README, under Settings.`),
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`),
  ];
  if (!parsed.success || faults.length > 0) throw badSettings(faults);
  return toConfig(parsed.data);
}

function badSettings(faults: readonly string[]): NightshiftError {
  return new NightshiftError("bad_settings", `The settings cannot be used:\n  ${faults.join("\n  ")}`);
}

function toConfig(environment: Environment): Config {
  const onAzure = environment.WEBSITE_INSTANCE_ID !== undefined;
  const auth = authOf(environment, onAzure);
  const limited = auth !== "none";
  const lookMinSeconds = environment.NIGHTSHIFT_LOOK_MIN_SECONDS ?? (onAzure ? 2 : 1);
  if (lookMinSeconds > environment.NIGHTSHIFT_LOOK_MAX_SECONDS) {
    throw badSettings(["NIGHTSHIFT_LOOK_MIN_SECONDS: it is more than NIGHTSHIFT_LOOK_MAX_SECONDS."]);
  }
  return {
    state: environment.NIGHTSHIFT_STATE,
    store: storeSettings(environment),
    model: modelSettings(environment),
    modelApi: environment.NIGHTSHIFT_MODEL_API,
    chatSeconds: environment.NIGHTSHIFT_CHAT_SECONDS,
    toolSeconds: environment.NIGHTSHIFT_TOOL_SECONDS,
    lookMinSeconds,
    lookMaxSeconds: environment.NIGHTSHIFT_LOOK_MAX_SECONDS,
    overdueSeconds: environment.NIGHTSHIFT_OVERDUE_SECONDS ?? (environment.NIGHTSHIFT_SOLE_PROCESS ? 10 : 120),
    sweepSeconds: environment.NIGHTSHIFT_SWEEP_SECONDS ?? (environment.NIGHTSHIFT_SOLE_PROCESS ? 15 : 300),
    foregroundSeconds: environment.NIGHTSHIFT_FOREGROUND_SECONDS,
    showToolCalls: environment.NIGHTSHIFT_SHOW_TOOL_CALLS,
    soleProcess: environment.NIGHTSHIFT_SOLE_PROCESS,
    onAzure,
    auth,
    requestsPerMinute: environment.NIGHTSHIFT_REQUESTS_PER_MINUTE ?? (limited ? 600 : null),
    unendedRuns: environment.NIGHTSHIFT_UNENDED_RUNS ?? (limited ? 1000 : null),
    webhookSecret: environment.OPENAI_WEBHOOK_SECRET ?? null,
    webhooksPrivate: environment.NIGHTSHIFT_WEBHOOKS_PRIVATE,
    publicUrl: environment.NIGHTSHIFT_PUBLIC_URL ?? null,
    nativeManagementUrls: environment.NIGHTSHIFT_NATIVE_MANAGEMENT_URLS,
    telemetry: telemetrySettings(environment),
  };
}

function telemetrySettings(environment: Environment): TelemetrySettings | null {
  const { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString, OTEL_EXPORTER_OTLP_ENDPOINT: both } = environment;
  const traces = (environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? both) !== undefined;
  const metrics = (environment.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT ?? both) !== undefined;
  const disabled = environment.OTEL_SDK_DISABLED?.toLowerCase() === "true";
  if (disabled || (connectionString === undefined && !traces && !metrics)) return null;
  const authentication = environment.APPLICATIONINSIGHTS_AUTHENTICATION_STRING;
  const identity = authentication === undefined ? null : { clientId: clientIdOf(authentication) };
  return {
    azureMonitor: connectionString === undefined ? null : { connectionString, identity },
    otlp: { traces, metrics },
    serviceName: environment.OTEL_SERVICE_NAME ?? environment.WEBSITE_SITE_NAME ?? "nightshift",
    content: environment.NIGHTSHIFT_TELEMETRY_CONTENT,
  };
}

function clientIdOf(authentication: string): string | null {
  return /(?:^|;)\s*ClientId=([^;\s]+)/i.exec(authentication)?.[1] ?? null;
}

/** `app-service` believes headers that only the platform may set: elsewhere anyone could be anyone. */
function authOf(environment: Environment, onAzure: boolean): Config["auth"] {
  const auth = environment.NIGHTSHIFT_AUTH ?? (onAzure ? "keys" : "none");
  if (auth === "none" && onAzure)
    throw badSettings(["NIGHTSHIFT_AUTH: `none` would let anyone start runs on Azure. Use `keys` or `app-service`."]);
  const guarded = onAzure && environment.WEBSITE_AUTH_ENABLED?.toLowerCase() === "true";
  if (auth === "app-service" && !guarded) {
    const where = "works only on Azure, and only with App Service authentication switched on for this app";
    throw badSettings([`NIGHTSHIFT_AUTH: \`app-service\` ${where}: nothing else vouches for its headers.`]);
  }
  return auth;
}

function storeSettings(environment: Environment): StoreSettings {
  const { COSMOS_ENDPOINT: endpoint, COSMOS_KEY: key, NIGHTSHIFT_KEEP_SECONDS: keepSeconds = null } = environment;
  const kind = environment.NIGHTSHIFT_STORE ?? (endpoint === undefined ? "sqlite" : "cosmos");
  if (kind === "sqlite") {
    if (keepSeconds !== null) throw badSettings(["NIGHTSHIFT_KEEP_SECONDS: only the store `cosmos` deletes old runs."]);
    return { kind };
  }
  if (endpoint === undefined) throw badSettings(["NIGHTSHIFT_STORE: `cosmos` needs the account's COSMOS_ENDPOINT."]);
  if (key === undefined && !endpoint.startsWith("https:"))
    throw badSettings([
      "COSMOS_ENDPOINT: without COSMOS_KEY it must begin with https://, so that no token is exposed.",
    ]);
  const identity = key === undefined ? { clientId: environment.AZURE_CLIENT_ID ?? null } : { key };
  return { kind, endpoint, database: environment.COSMOS_DATABASE, identity, keepSeconds };
}

/** A provider that is named is used; else the local model server, which answers by rules and needs no key. */
function modelSettings(environment: Environment): ModelSettings {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, AZURE_OPENAI_ENDPOINT: endpoint } = environment;
  const model = environment.NIGHTSHIFT_MODEL;
  if (endpoint !== undefined) {
    if (model === undefined) throw badSettings(["NIGHTSHIFT_MODEL: name the Azure OpenAI deployment."]);
    const clientId = environment.AZURE_CLIENT_ID ?? null;
    const baseUrl = `${endpoint.replace(/(\/openai\/v1)?\/*$/, "")}/openai/v1/`;
    return { kind: "azure", baseUrl, clientId, scope: environment.AZURE_OPENAI_SCOPE, model };
  }
  if (apiKey !== undefined) {
    if (model === undefined) throw badSettings(["NIGHTSHIFT_MODEL: name the model that OPENAI_API_KEY may use."]);
    return { kind: "openai", baseUrl: baseUrl ?? "https://api.openai.com/v1", apiKey, model };
  }
  const local = `http://127.0.0.1:${environment.NIGHTSHIFT_MODEL_PORT}/v1`;
  return { kind: "openai", baseUrl: baseUrl ?? local, apiKey: "local", model: model ?? "nightshift-rules" };
}
