import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Config, readConfig } from "../../src/config.ts";
import { messageOf, NightshiftError } from "../../src/errors.ts";

type Environment = Readonly<Record<string, string>>;

interface Setting {
  /** What the configuration is without it, and with good values. Null: only its form is checked here. */
  read: ((config: Config) => unknown) | null;
  unset: unknown;
  good: readonly (readonly [text: string, value: unknown])[];
  bad: readonly string[];
  /** What the refusal of a bad value says is expected. */
  form: RegExp;
}

const address = /expected an address that begins with http:\/\/ or https:\/\//;
const flag = {
  good: [
    ["true", true],
    ["false", false],
  ],
  bad: ["yes", "1", "TRUE"],
  form: /"true"\|"false"/,
} as const;
const port = { bad: ["http", "-1", "65536", "80.5"], form: /expected (number|int)/ };
const seconds = { bad: ["0", "-1", "2 min", "Infinity"], form: /expected number/ };
const notNegative = { bad: ["-1", "6s", "Infinity"], form: /expected number/ };
const counts = { bad: ["0", "-1", "1.5", "many"], form: /expected (number|int)/ };
const collector = { bad: ["localhost:4317"], form: address };
const connectionString =
  "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://in.example/";
const anyText = { bad: [], form: /^$/ };

const settings: Readonly<Record<string, Setting>> = {
  PORT: {
    read: null,
    unset: undefined,
    good: [
      ["0", 0],
      ["8080", 8080],
    ],
    ...port,
  },
  OPENAI_BASE_URL: {
    read: ({ model }) => model.baseUrl,
    unset: "http://127.0.0.1:7072/v1",
    good: [["https://gateway.example/v1", "https://gateway.example/v1"]],
    bad: ["gateway.example", "ftp://gateway.example"],
    form: address,
  },
  AZURE_OPENAI_ENDPOINT: {
    read: null,
    unset: undefined,
    good: [],
    bad: ["resource.openai.azure.com", "ftp://resource"],
    form: address,
  },
  OPENAI_WEBHOOK_SECRET: {
    read: ({ webhookSecret }) => webhookSecret,
    unset: null,
    good: [["whsec_c2VjcmV0IGZvciB0ZXN0cw==", "whsec_c2VjcmV0IGZvciB0ZXN0cw=="]],
    bad: ["secret", "whsec_", "whsec_a b c d e f g h i j k"],
    form: /expected whsec_ and base64/,
  },
  OPENAI_API_KEY: { read: null, unset: undefined, good: [], ...anyText },
  AZURE_CLIENT_ID: { read: null, unset: undefined, good: [["1234", "1234"]], ...anyText },
  AZURE_OPENAI_SCOPE: {
    read: null,
    unset: undefined,
    good: [],
    bad: ["ai.azure.com", "https://ai.azure.com", "http://ai.azure.com/.default"],
    form: /expected https:\/\/<audience>\/\.default/,
  },
  NIGHTSHIFT_STATE: {
    read: ({ state }) => state,
    unset: ".nightshift",
    good: [["/var/lib/n", "/var/lib/n"]],
    ...anyText,
  },
  NIGHTSHIFT_STORE: {
    read: ({ store }) => store.kind,
    unset: "sqlite",
    good: [["sqlite", "sqlite"]],
    bad: ["cosmos", "SQLITE"],
    form: /COSMOS_ENDPOINT|"sqlite"\|"cosmos"/,
  },
  NIGHTSHIFT_KEEP_SECONDS: {
    read: null,
    unset: undefined,
    good: [],
    bad: ["3600", "86400.5", "forever", "1e10", "86400"],
    form: /expected (number|int)|only the store `cosmos`/,
  },
  COSMOS_ENDPOINT: {
    read: ({ store }) => store.kind,
    unset: "sqlite",
    good: [["https://account.documents.azure.com:443/", "cosmos"]],
    bad: ["account.documents.azure.com", "http://localhost:8081"],
    form: /expected an address|without COSMOS_KEY it must begin with https:/,
  },
  COSMOS_KEY: { read: ({ store }) => store.kind, unset: "sqlite", good: [["a key", "sqlite"]], ...anyText },
  COSMOS_DATABASE: {
    read: null,
    unset: undefined,
    good: [["agents-2", 1]],
    bad: ["a/b", "a b"],
    form: /expected letters/,
  },
  NIGHTSHIFT_MODEL: {
    read: ({ model }) => model.model,
    unset: "nightshift-rules",
    good: [["gpt-6-sol", "gpt-6-sol"]],
    ...anyText,
  },
  NIGHTSHIFT_MODEL_API: {
    read: ({ modelApi }) => modelApi,
    unset: "responses",
    good: [["chat-completions", "chat-completions"]],
    bad: ["chat", "completions"],
    form: /"responses"\|"chat-completions"/,
  },
  NIGHTSHIFT_CHAT_SECONDS: {
    read: ({ chatSeconds }) => chatSeconds,
    unset: 600,
    good: [["1200", 1200]],
    ...seconds,
  },
  NIGHTSHIFT_MODEL_PORT: {
    read: ({ model }) => model.baseUrl,
    unset: "http://127.0.0.1:7072/v1",
    good: [["7100", "http://127.0.0.1:7100/v1"]],
    ...port,
  },
  NIGHTSHIFT_MODEL_SECONDS: {
    read: null,
    unset: undefined,
    good: [
      ["0", 0],
      ["0.5", 0.5],
    ],
    ...notNegative,
  },
  NIGHTSHIFT_TOOL_SECONDS: {
    read: ({ toolSeconds }) => toolSeconds,
    unset: 6,
    good: [
      ["0", 0],
      ["0.2", 0.2],
    ],
    ...notNegative,
  },
  NIGHTSHIFT_LOOK_MIN_SECONDS: {
    read: ({ lookMinSeconds }) => lookMinSeconds,
    unset: 1,
    good: [["0.2", 0.2]],
    ...seconds,
  },
  NIGHTSHIFT_LOOK_MAX_SECONDS: {
    read: ({ lookMaxSeconds }) => lookMaxSeconds,
    unset: 120,
    good: [["900", 900]],
    bad: [...seconds.bad, "901"],
    form: seconds.form,
  },
  NIGHTSHIFT_OVERDUE_SECONDS: {
    read: ({ overdueSeconds }) => overdueSeconds,
    unset: 120,
    good: [["30", 30]],
    ...seconds,
  },
  NIGHTSHIFT_FOREGROUND_SECONDS: {
    read: ({ foregroundSeconds }) => foregroundSeconds,
    unset: 200,
    good: [["220", 220]],
    bad: [...seconds.bad, "221"],
    form: seconds.form,
  },
  NIGHTSHIFT_SWEEP_SECONDS: { read: ({ sweepSeconds }) => sweepSeconds, unset: 300, good: [["30", 30]], ...seconds },
  NIGHTSHIFT_SOLE_PROCESS: { read: ({ soleProcess }) => soleProcess, unset: false, ...flag },
  NIGHTSHIFT_AUTH: {
    read: ({ auth }) => auth,
    unset: "none",
    good: [
      ["none", "none"],
      ["keys", "keys"],
    ],
    bad: ["password", "app-service"],
    form: /"none"|works only on Azure/,
  },
  NIGHTSHIFT_REQUESTS_PER_MINUTE: {
    read: ({ requestsPerMinute }) => requestsPerMinute,
    unset: null,
    good: [["60", 60]],
    ...counts,
  },
  NIGHTSHIFT_UNENDED_RUNS: { read: ({ unendedRuns }) => unendedRuns, unset: null, good: [["10", 10]], ...counts },
  NIGHTSHIFT_PUBLIC_URL: {
    read: ({ publicUrl }) => publicUrl,
    unset: null,
    good: [["https://agents.example", "https://agents.example"]],
    bad: ["agents.example"],
    form: address,
  },
  NIGHTSHIFT_WEBHOOKS_PRIVATE: {
    read: ({ webhooksPrivate }) => webhooksPrivate,
    unset: false,
    ...flag,
  },
  NIGHTSHIFT_NATIVE_MANAGEMENT_URLS: {
    read: ({ nativeManagementUrls }) => nativeManagementUrls,
    unset: false,
    ...flag,
  },
  NIGHTSHIFT_TELEMETRY_CONTENT: { read: null, unset: undefined, good: flag.good, bad: flag.bad, form: flag.form },
  APPLICATIONINSIGHTS_CONNECTION_STRING: {
    read: ({ telemetry }) => telemetry?.azureMonitor?.connectionString,
    unset: undefined,
    good: [[connectionString, connectionString]],
    bad: ["InstrumentationKey=mine", "IngestionEndpoint=https://in.applicationinsights.azure.com"],
    form: /expected InstrumentationKey=…;IngestionEndpoint=…/,
  },
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: {
    read: ({ telemetry }) => telemetry,
    unset: null,
    good: [["Authorization=AAD;ClientId=1234", null]],
    bad: ["ClientId=1234", "Authorization=Key"],
    form: /expected Authorization=AAD/,
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    read: ({ telemetry }) => telemetry?.otlp,
    unset: undefined,
    good: [["http://localhost:4318", { traces: true, metrics: true }]],
    ...collector,
  },
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    read: ({ telemetry }) => telemetry?.otlp,
    unset: undefined,
    good: [["http://localhost:4318/v1/traces", { traces: true, metrics: false }]],
    ...collector,
  },
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: {
    read: ({ telemetry }) => telemetry?.otlp,
    unset: undefined,
    good: [["http://localhost:4318/v1/metrics", { traces: false, metrics: true }]],
    ...collector,
  },
  OTEL_SDK_DISABLED: { read: ({ telemetry }) => telemetry, unset: null, good: [["true", null]], ...anyText },
  OTEL_SERVICE_NAME: { read: ({ telemetry }) => telemetry, unset: null, good: [["agents", null]], ...anyText },
  NIGHTSHIFT_SHOW_TOOL_CALLS: { read: ({ showToolCalls }) => showToolCalls, unset: false, ...flag },
  NIGHTSHIFT_CRASH_AT: {
    read: null,
    unset: undefined,
    good: [["post-after:3", 3]],
    bad: ["post-after", "post-after:0", ":1", "post-after:x"],
    form: /expected <point>:<k>/,
  },
};

for (const [name, { read, unset, good, bad, form }] of Object.entries(settings)) {
  test(`${name}: its default holds without it and with nothing in it, and good values count`, () => {
    if (read)
      for (const environment of [{}, { [name]: "" }, { [name]: "  " }])
        assert.deepEqual(read(readConfig(environment)), unset);
    for (const [text, value] of good) {
      const config = readConfig({ [name]: text });
      if (read) assert.deepEqual(read(config), value);
    }
  });

  for (const text of bad) {
    test(`${name}: ${JSON.stringify(text)} stops the start, named with the form that is expected`, () => {
      const [fault = "", ...others] = faultsOf({ [name]: text });
      assert.deepEqual(others, []);
      assert.ok(fault.startsWith(`${name}: `), fault);
      assert.match(fault, form);
    });
  }
}

/** The lines of a refusal, one for each fault. */
function faultsOf(environment: Environment): string[] {
  try {
    readConfig(environment);
  } catch (error) {
    assert.ok(error instanceof NightshiftError && error.code === "bad_settings", String(error));
    assert.match(error.message, /^The settings cannot be used:\n/);
    return error.message.split("\n  ").slice(1);
  }
  return assert.fail("the settings were accepted");
}

test("every setting that the program reads stands in this test", () => {
  const schema = readFileSync("src/config.ts", "utf8");
  const names = [...schema.matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name ?? "");
  assert.ok(names.length > 15);
  assert.deepEqual(
    names.filter((name) => !name.startsWith("WEBSITE_") && !(name in settings)),
    [],
  );
});

test("an empty environment is one machine: SQLite, the local model server, no key", () => {
  assert.deepEqual(readConfig({}), {
    state: ".nightshift",
    store: { kind: "sqlite" },
    model: { kind: "openai", baseUrl: "http://127.0.0.1:7072/v1", apiKey: "local", model: "nightshift-rules" },
    modelApi: "responses",
    chatSeconds: 600,
    toolSeconds: 6,
    lookMinSeconds: 1,
    lookMaxSeconds: 120,
    overdueSeconds: 120,
    sweepSeconds: 300,
    foregroundSeconds: 200,
    showToolCalls: false,
    soleProcess: false,
    onAzure: false,
    auth: "none",
    requestsPerMinute: null,
    unendedRuns: null,
    webhookSecret: null,
    webhooksPrivate: false,
    publicUrl: null,
    nativeManagementUrls: false,
    telemetry: null,
  });
});

test("telemetry goes to Application Insights with the identity that its authentication string names", () => {
  const insights = { APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString };
  const identityOf = (authentication: string) => {
    const environment = { ...insights, APPLICATIONINSIGHTS_AUTHENTICATION_STRING: authentication };
    return readConfig(environment).telemetry?.azureMonitor?.identity;
  };
  assert.equal(identityOf(""), null);
  assert.deepEqual(identityOf("Authorization=AAD"), { clientId: null });
  assert.deepEqual(identityOf("ClientId=1234;Authorization=AAD"), { clientId: "1234" });
  assert.deepEqual(readConfig(insights).telemetry?.otlp, { traces: false, metrics: false });
  assert.equal(readConfig({ ...insights, OTEL_SDK_DISABLED: "true" }).telemetry, null);
});

test("the service is named as OpenTelemetry is told, else as the platform names the app", () => {
  const nameOf = (more: Environment) =>
    readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", ...more }).telemetry?.serviceName;
  assert.equal(nameOf({}), "nightshift");
  assert.equal(nameOf({ WEBSITE_SITE_NAME: "func-agents" }), "func-agents");
  assert.equal(nameOf({ WEBSITE_SITE_NAME: "func-agents", OTEL_SERVICE_NAME: "agents" }), "agents");
});

test("COSMOS_ENDPOINT is Cosmos DB with a token, by the client id if there is one, and runs are kept for ever", () => {
  const endpoint = "https://account.documents.azure.com:443/";
  const store = { kind: "cosmos", endpoint, database: "nightshift", identity: { clientId: null }, keepSeconds: null };
  assert.deepEqual(readConfig({ COSMOS_ENDPOINT: endpoint }).store, store);
  const told = {
    COSMOS_ENDPOINT: endpoint,
    COSMOS_DATABASE: "agents",
    AZURE_CLIENT_ID: "1234",
    NIGHTSHIFT_KEEP_SECONDS: "2592000",
  };
  const own = { database: "agents", identity: { clientId: "1234" }, keepSeconds: 2_592_000 };
  assert.deepEqual(readConfig(told).store, { ...store, ...own });
  assert.deepEqual(readConfig({ COSMOS_ENDPOINT: endpoint, NIGHTSHIFT_STORE: "sqlite" }).store, { kind: "sqlite" });
});

test("an emulator has a key, and may be spoken to without TLS", () => {
  const emulator = { COSMOS_ENDPOINT: "http://localhost:8081", COSMOS_KEY: "key", NIGHTSHIFT_STORE: "cosmos" };
  const { store } = readConfig(emulator);
  assert.deepEqual(store.kind === "cosmos" && store.identity, { key: "key" });
});

test("a sole process looks for overdue runs sooner, unless it is told when", () => {
  const sole = readConfig({ NIGHTSHIFT_SOLE_PROCESS: "true" });
  assert.deepEqual([sole.overdueSeconds, sole.sweepSeconds], [10, 15]);
  const told = readConfig({
    NIGHTSHIFT_SOLE_PROCESS: "true",
    NIGHTSHIFT_OVERDUE_SECONDS: "20",
    NIGHTSHIFT_SWEEP_SECONDS: "40",
  });
  assert.deepEqual([told.overdueSeconds, told.sweepSeconds], [20, 40]);
});

test("a name that begins with NIGHTSHIFT_ and is no setting stops the start; other programs' names do not", () => {
  assert.deepEqual(faultsOf({ NIGHTSHIFT_MODLE: "gpt-6-sol" }), [
    "NIGHTSHIFT_MODLE: there is no such setting. Names are in the README, under Settings.",
  ]);
  assert.equal(readConfig({ PATH: "/bin", AZURE_OPENAI_MODEL: "x", nightshift_modle: "x" }).state, ".nightshift");
  assert.equal(readConfig({ NIGHTSHIFT_MODLE: "" }).state, ".nightshift");
});

test("every fault is told at once", () => {
  const faults = faultsOf({
    PORT: "http",
    NIGHTSHIFT_STORE: "disk",
    NIGHTSHIFT_TOOL_SECONDS: "long",
    NIGHTSHIFT_X: "1",
  });
  assert.deepEqual(faults.map((fault) => fault.split(":")[0]).sort(), [
    "NIGHTSHIFT_STORE",
    "NIGHTSHIFT_TOOL_SECONDS",
    "NIGHTSHIFT_X",
    "PORT",
  ]);
});

test("a refusal does not repeat a value: it may be a secret", () => {
  assert.doesNotMatch(faultsOf({ OPENAI_BASE_URL: "sk-secret" }).join(), /sk-secret/);
});

test("OPENAI_API_KEY is OpenAI, and the model must be named", () => {
  const openai = { OPENAI_API_KEY: "sk-1", NIGHTSHIFT_MODEL: "gpt-6-sol" };
  assert.deepEqual(readConfig(openai).model, {
    kind: "openai",
    baseUrl: "https://api.openai.com/v1",
    apiKey: "sk-1",
    model: "gpt-6-sol",
  });
  const gateway = { ...openai, OPENAI_BASE_URL: "https://gateway.example/v1" };
  assert.equal(readConfig(gateway).model.baseUrl, "https://gateway.example/v1");
  assert.match(faultsOf({ OPENAI_API_KEY: "sk-1" }).join(), /^NIGHTSHIFT_MODEL: name the model/);
});

test("AZURE_OPENAI_ENDPOINT is Azure OpenAI without a key, also beside OPENAI_API_KEY, and the deployment must be named", () => {
  const azure = { AZURE_OPENAI_ENDPOINT: "https://res.openai.azure.com", NIGHTSHIFT_MODEL: "my-deployment" };
  const expected = {
    kind: "azure",
    baseUrl: "https://res.openai.azure.com/openai/v1/",
    scope: "https://ai.azure.com/.default",
    clientId: null,
    model: "my-deployment",
  };
  assert.deepEqual(readConfig(azure).model, expected);
  assert.deepEqual(readConfig({ ...azure, OPENAI_API_KEY: "sk-1" }).model, expected);
  assert.deepEqual(readConfig({ ...azure, AZURE_CLIENT_ID: "1234" }).model, { ...expected, clientId: "1234" });
  const scope = "https://cognitiveservices.azure.com/.default";
  assert.deepEqual(readConfig({ ...azure, AZURE_OPENAI_SCOPE: scope }).model, { ...expected, scope });
  const nameless = { AZURE_OPENAI_ENDPOINT: azure.AZURE_OPENAI_ENDPOINT };
  assert.match(faultsOf(nameless).join(), /^NIGHTSHIFT_MODEL: name the Azure OpenAI deployment/);
});

for (const end of ["/", "//", "/openai/v1", "/openai/v1/"]) {
  test(`an endpoint that ends in ${end} is the same endpoint`, () => {
    const azure = { AZURE_OPENAI_ENDPOINT: `https://res.openai.azure.com${end}`, NIGHTSHIFT_MODEL: "my-deployment" };
    assert.equal(readConfig(azure).model.baseUrl, "https://res.openai.azure.com/openai/v1/");
  });
}

const azure = {
  WEBSITE_INSTANCE_ID: "d3adb33f",
  AZURE_OPENAI_ENDPOINT: "https://res.openai.azure.com",
  NIGHTSHIFT_MODEL: "my-deployment",
};

test("on Azure callers need keys unless another way is named; that anyone may call stops the start", () => {
  assert.partialDeepStrictEqual(readConfig(azure), { auth: "keys", onAzure: true, lookMinSeconds: 2 });
  assert.match(faultsOf({ ...azure, NIGHTSHIFT_AUTH: "none" }).join(), /^NIGHTSHIFT_AUTH: `none` would let anyone/);
});

test("the platform's headers count only on Azure, and only where the platform says that its authentication is on", () => {
  const named = { NIGHTSHIFT_AUTH: "app-service" };
  for (const enabled of ["true", "True"]) {
    assert.equal(readConfig({ ...azure, ...named, WEBSITE_AUTH_ENABLED: enabled }).auth, "app-service");
  }
  for (const environment of [named, { ...azure, ...named }, { ...named, WEBSITE_AUTH_ENABLED: "True" }]) {
    assert.match(faultsOf(environment).join(), /^NIGHTSHIFT_AUTH: `app-service` works only on Azure/);
  }
  assert.match(faultsOf({ ...azure, ...named, WEBSITE_AUTH_ENABLED: "False" }).join(), /^NIGHTSHIFT_AUTH/);
});

test("callers who say who they are have limits, which settings raise or lower", () => {
  const keys = { NIGHTSHIFT_AUTH: "keys" };
  assert.partialDeepStrictEqual(readConfig(keys), { requestsPerMinute: 600, unendedRuns: 1000 });
  const told = { ...keys, NIGHTSHIFT_REQUESTS_PER_MINUTE: "60", NIGHTSHIFT_UNENDED_RUNS: "10" };
  assert.partialDeepStrictEqual(readConfig(told), { requestsPerMinute: 60, unendedRuns: 10 });
});

test("looks cannot be at least further apart than at most", () => {
  const environment = { NIGHTSHIFT_LOOK_MIN_SECONDS: "30", NIGHTSHIFT_LOOK_MAX_SECONDS: "20" };
  assert.throws(() => readConfig(environment), { code: "bad_settings", message: /NIGHTSHIFT_LOOK_MIN_SECONDS/ });
});

test("a key that Key Vault could not give stops the start, instead of being sent to the provider", () => {
  const reference = "@Microsoft.KeyVault(VaultName=kv-1;SecretName=openai-api-key)";
  assert.throws(
    () => readConfig({ OPENAI_API_KEY: reference, NIGHTSHIFT_MODEL: "gpt-5" }),
    (error) => /OPENAI_API_KEY: the Key Vault reference/.test(messageOf(error)) && !messageOf(error).includes("kv-1"),
  );
});
