import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { z } from "zod";
import hostJson from "../../host.json" with { type: "json" };
import { type Bicep, type BicepResult, findBicep } from "../../infra/bicep.ts";
import containers from "../../infra/containers.json" with { type: "json" };
import parametersFile from "../../infra/main.parameters.json" with { type: "json" };
import { DurableBackend, hostJsonFor } from "../../scripts/host-json.ts";
import { readConfig, settingNames } from "../../src/config.ts";
import { predict, type Resource } from "./predict.ts";
import { roleAssignments } from "./role-assignments.ts";

const found = findBicep();
const skip = typeof found === "function" ? false : found.missing;
const bicep: Bicep = typeof found === "function" ? found : () => assert.fail("skipped");

const developerId = "11111111-1111-1111-1111-111111111111";
const key = "the-key-of-openai";
const webhookSecret = "whsec_of_the_provider";
const base = { environmentName: "test", location: "swedencentral" };

/** One deployment for each way of every choice. */
const choices = {
  byDefault: { ...base, principalId: developerId },
  onStorage: {
    ...base,
    durableBackend: "AzureStorage",
    modelProvider: "ExistingAzureOpenAI",
    existingOpenAiAccount: "shared",
    existingOpenAiResourceGroup: "rg-shared",
    modelName: "team-deployment",
    providerWebhooks: "yes",
    openAiWebhookSecret: webhookSecret,
    callerAuthentication: "app-service",
    authClientId: "22222222-2222-2222-2222-222222222222",
    publicUrl: "https://agents.example",
  },
  onOpenAi: {
    ...base,
    modelProvider: "OpenAI",
    modelName: "gpt-5.4-mini",
    openAiApiKey: key,
    moreSettings: {
      NIGHTSHIFT_LOOK_MAX_SECONDS: "60",
      COSMOS_DATABASE: "elsewhere",
      APPLICATION_INSIGHTS_NO_STATSBEAT: "false",
    },
  },
} as const;
type Choice = keyof typeof choices;

describe("the template", { skip }, () => {
  let compiled: BicepResult;
  let deployments: Record<Choice, Resource[]>;
  before(async () => {
    compiled = await bicep(["build", "infra/main.bicep", "--stdout", "--no-restore"]);
    // one after the other: each takes a quarter of a gigabyte
    deployments = {
      byDefault: await predict(bicep, choices.byDefault),
      onStorage: await predict(bicep, choices.onStorage),
      onOpenAi: await predict(bicep, choices.onOpenAi),
    };
  });

  function only(choice: Choice, type: string, name = ""): Resource {
    const matching = deployments[choice].filter((resource) => resource.type === type && resource.name.endsWith(name));
    assert.equal(matching.length, 1, `${matching.length} of ${type} ${name}`);
    return matching[0] ?? assert.fail();
  }

  function appSettings(choice: Choice): Record<string, string> {
    return z.record(z.string(), z.string()).parse(only(choice, "Microsoft.Web/sites/config", "appsettings").properties);
  }

  test("compiles and lints without a warning", () => {
    assert.deepEqual(compiled.diagnostics, []);
    assert.ok(compiled.ok);
  });

  test("reads no key and no connection string but that of Application Insights, which takes no key", () => {
    assert.ok(!/\blist\w*\(/i.test(compiled.stdout));
    assert.ok(!/(primary|secondary|shared|account|instrumentation)Key\b/i.test(compiled.stdout));
    assert.equal(compiled.stdout.match(/\.\w*ConnectionString/g)?.length, 1);
    assert.match(
      appSettings("byDefault").APPLICATIONINSIGHTS_CONNECTION_STRING ?? "",
      /^\[reference\('[^']*\/Microsoft\.Insights\/components\/[^']*', '[^']*'\)\.ConnectionString\]$/,
    );
    assert.equal(only("byDefault", "Microsoft.Insights/components").properties.DisableLocalAuth, true);
  });

  test("turns shared keys, local authentication and publishing passwords off", () => {
    const storage = only("byDefault", "Microsoft.Storage/storageAccounts").properties;
    assert.equal(storage.allowSharedKeyAccess, false);
    assert.equal(storage.allowBlobPublicAccess, false);
    assert.equal(only("byDefault", "Microsoft.DocumentDB/databaseAccounts").properties.disableLocalAuth, true);
    assert.equal(only("byDefault", "Microsoft.CognitiveServices/accounts").properties.disableLocalAuth, true);
    assert.deepEqual(only("byDefault", "Microsoft.OperationalInsights/workspaces").properties.features, {
      disableLocalAuth: true,
    });
    assert.equal(only("onOpenAi", "Microsoft.KeyVault/vaults").properties.enableRbacAuthorization, true);
    for (const name of ["scm", "ftp"]) {
      const policy = only("byDefault", "Microsoft.Web/sites/basicPublishingCredentialsPolicies", name);
      assert.equal(policy.properties.allow, false);
    }
  });

  test("takes HTTPS with TLS 1.2 or later only", () => {
    const storage = only("byDefault", "Microsoft.Storage/storageAccounts").properties;
    assert.equal(storage.minimumTlsVersion, "TLS1_2");
    assert.equal(storage.supportsHttpsTrafficOnly, true);
    assert.equal(only("byDefault", "Microsoft.DocumentDB/databaseAccounts").properties.minimalTlsVersion, "Tls12");
    const site = Site.parse(only("byDefault", "Microsoft.Web/sites").properties);
    assert.equal(site.httpsOnly, true);
    assert.equal(site.siteConfig.minTlsVersion, "1.2");
    assert.equal(site.siteConfig.scmMinTlsVersion, "1.2");
  });

  const onStorageAccount = "on Microsoft.Storage/storageAccounts in rg-test";
  const common = [
    "app: Cosmos DB Data Contributor on Microsoft.DocumentDB/databaseAccounts in rg-test",
    "app (ServicePrincipal): Monitoring Metrics Publisher on Microsoft.Insights/components in rg-test",
    `app (ServicePrincipal): Storage Blob Data Owner ${onStorageAccount}`,
    `app (ServicePrincipal): Storage Queue Data Contributor ${onStorageAccount}`,
    `app (ServicePrincipal): Storage Table Data Contributor ${onStorageAccount}`,
  ];
  const onTaskHub = "Durable Task Data Contributor on Microsoft.DurableTask/schedulers/taskHubs in rg-test";
  const roles: Record<Choice, string[]> = {
    byDefault: [
      ...common,
      "app (ServicePrincipal): Cognitive Services OpenAI User on Microsoft.CognitiveServices/accounts in rg-test",
      `app (ServicePrincipal): ${onTaskHub}`,
      `developer (User): ${onTaskHub}`,
      "developer: Cosmos DB Data Contributor on Microsoft.DocumentDB/databaseAccounts in rg-test",
    ],
    onStorage: [
      ...common,
      "app (ServicePrincipal): Cognitive Services OpenAI User on Microsoft.CognitiveServices/accounts in rg-shared",
      "app (ServicePrincipal): Key Vault Secrets User on Microsoft.KeyVault/vaults in rg-test",
    ],
    onOpenAi: [
      ...common,
      "app (ServicePrincipal): Key Vault Secrets User on Microsoft.KeyVault/vaults in rg-test",
      `app (ServicePrincipal): ${onTaskHub}`,
    ],
  };
  for (const choice of ["byDefault", "onStorage", "onOpenAi"] as const) {
    test(`gives each role once, to the right principal, on the right resource: ${choice}`, () => {
      assert.deepEqual(roleAssignments(deployments[choice], developerId), roles[choice].toSorted());
    });
  }

  for (const choice of ["byDefault", "onStorage", "onOpenAi"] as const) {
    test(`sets no app setting that neither the program nor the platform knows: ${choice}`, () => {
      assert.deepEqual(
        Object.keys(appSettings(choice)).filter((name) => !settingNames.includes(name) && !ofPlatform.test(name)),
        [],
      );
    });

    test(`sets every app setting that the program needs: ${choice}`, () => {
      const config = readConfig({ ...readable(appSettings(choice)), ...ofRunningApp(deployments[choice]) });
      const { model, publicUrl, store, lookMaxSeconds, auth, telemetry } = config;
      assert.deepEqual(telemetry?.azureMonitor?.identity, { clientId: "known-after-deployment" });
      assert.equal(telemetry.content, false);
      assert.equal(config.webhookSecret !== null, choice === "onStorage");
      assert.equal(auth, choice === "onStorage" ? "app-service" : "keys");
      assert.equal(model.model, choice === "onStorage" ? "team-deployment" : "gpt-5.4-mini");
      assert.equal(model.kind, choice === "onOpenAi" ? "openai" : "azure");
      if (model.kind === "azure") assert.equal(model.clientId, "known-after-deployment");
      assert.equal(publicUrl, choice === "onStorage" ? "https://agents.example" : "https://known-after-deployment");
      assert.deepEqual(store, {
        kind: "cosmos",
        endpoint: "https://known-after-deployment",
        database: containers.database,
        identity: { clientId: "known-after-deployment" },
        keepSeconds: null,
      });
      assert.equal(lookMaxSeconds, choice === "onOpenAi" ? 60 : 120);
    });

    test(`sets nothing that Flex Consumption refuses: ${choice}`, () => {
      const refused = /^(FUNCTIONS_|WEBSITE_|SCM_|ENABLE_ORYX_BUILD$|TZ$|AzureWebJobsStorage$)/;
      assert.deepEqual(
        Object.keys(appSettings(choice)).filter((name) => refused.test(name)),
        [],
      );
    });
  }

  test("keeps the exporter from reporting on itself to Microsoft, unless someone says otherwise", () => {
    assert.equal(appSettings("byDefault").APPLICATION_INSIGHTS_NO_STATSBEAT, "true");
    assert.equal(appSettings("onOpenAi").APPLICATION_INSIGHTS_NO_STATSBEAT, "false");
  });

  test("tells the host's storage by identity, each service by its address", () => {
    const names = Object.keys(appSettings("byDefault")).filter((name) => name.startsWith("AzureWebJobsStorage__"));
    assert.deepEqual(
      names.sort(),
      ["accountName", "blobServiceUri", "clientId", "credential", "queueServiceUri", "tableServiceUri"].map(
        (part) => `AzureWebJobsStorage__${part}`,
      ),
    );
    assert.equal(appSettings("byDefault").AzureWebJobsStorage__credential, "managedidentity");
  });

  const secrets = [
    {
      choice: "onOpenAi",
      setting: "OPENAI_API_KEY",
      parameter: "openAiApiKey",
      secretName: "/openai-api-key",
      value: key,
    },
    {
      choice: "onStorage",
      setting: "OPENAI_WEBHOOK_SECRET",
      parameter: "openAiWebhookSecret",
      secretName: "/openai-webhook-secret",
      value: webhookSecret,
    },
  ] as const;
  for (const { choice, setting, parameter, secretName, value } of secrets) {
    test(`holds ${setting} in Key Vault and nowhere else; a later deployment without it leaves it there`, () => {
      const secret = only(choice, "Microsoft.KeyVault/vaults/secrets", secretName);
      assert.deepEqual(secret.properties, { value: `[parameters('${parameter}')]` });
      const others = deployments[choice].filter((resource) => resource !== secret);
      assert.ok(!JSON.stringify(others).includes(`parameters('${parameter}')`));
      assert.ok(!JSON.stringify(deployments[choice]).includes(value));
      const reference = /^@Microsoft\.KeyVault\(VaultName=(kv-\w+);SecretName=([\w-]+)\)$/;
      const [, vault, name] = reference.exec(appSettings(choice)[setting] ?? "") ?? [];
      assert.equal(secret.name, `${vault}/${name}`);
      const compact = JSON.stringify(JSON.parse(compiled.stdout));
      assert.match(
        compact,
        /"condition":"\[not\(empty\(parameters\('openAiApiKey'\)\)\)\]","type":"Microsoft\.KeyVault\/vaults\/secrets"/,
      );
      assert.match(
        compact,
        /"condition":"\[not\(empty\(parameters\('webhookSecret'\)\)\)\]","type":"Microsoft\.KeyVault\/vaults\/secrets"/,
      );
    });
  }

  for (const backend of DurableBackend.options) {
    test(`the durable provider of the package for ${backend} finds what the template makes for it`, () => {
      const choice = backend === "Scheduler" ? "byDefault" : "onStorage";
      const { storageProvider, hubName } = hostJsonFor(backend).extensions.durableTask;
      const hubs = deployments[choice].filter(({ type }) => type === "Microsoft.DurableTask/schedulers/taskHubs");
      if ("connectionStringName" in storageProvider) {
        assert.equal(storageProvider.type, "azureManaged");
        assert.match(
          appSettings(choice)[storageProvider.connectionStringName] ?? "",
          /^\[format\('Endpoint=\{0\};Authentication=ManagedIdentity;ClientID=\{1\}', reference\('[^']*\/schedulers\/[^']*', '[^']*'\)\.endpoint, reference\('[^']*\/userAssignedIdentities\/[^']*', '[^']*'\)\.clientId\)\]$/,
        );
        assert.deepEqual(
          hubs.map(({ name }) => name.split("/")[1]),
          [hubName],
        );
      } else {
        assert.equal(storageProvider.type, "AzureStorage");
        assert.deepEqual(hubs, []);
        assert.ok(!Object.keys(appSettings(choice)).some((name) => name.startsWith("DURABLE_TASK_")));
      }
    });
  }

  test("the backend of a package for local tools is Azure Storage, which Azurite stands in for", () => {
    assert.equal(hostJson.extensions.durableTask.storageProvider.type, "AzureStorage");
  });

  test("makes the containers that infra/containers.json describes, serverless, strongly consistent in one region", () => {
    const account = CosmosAccount.parse(only("byDefault", "Microsoft.DocumentDB/databaseAccounts").properties);
    assert.deepEqual(account.capabilities, [{ name: "EnableServerless" }]);
    assert.equal(account.consistencyPolicy.defaultConsistencyLevel, "Strong");
    assert.equal(account.locations.length, 1);
    const made = deployments.byDefault
      .filter(({ type }) => type === "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers")
      .map(({ properties }) => properties);
    assert.deepEqual(
      made,
      containers.containers.map((container) => ({ resource: container })),
    );
    only("byDefault", "Microsoft.DocumentDB/databaseAccounts/sqlDatabases", `/${containers.database}`);
  });

  test("puts the app on Flex Consumption: rolling updates, HTTP concurrency set, the package read by identity", () => {
    const { functionAppConfig } = Site.parse(only("byDefault", "Microsoft.Web/sites").properties);
    assert.deepEqual(functionAppConfig.siteUpdateStrategy, { type: "RollingUpdate" });
    assert.deepEqual(functionAppConfig.runtime, { name: "node", version: "24" });
    assert.deepEqual(functionAppConfig.scaleAndConcurrency.triggers, { http: { perInstanceConcurrency: 100 } });
    assert.equal(functionAppConfig.deployment.storage.authentication.type, "UserAssignedIdentity");
    only("byDefault", "Microsoft.Storage/storageAccounts/blobServices/containers", "/app-package");
  });

  test("Azure Storage as the backend keeps one instance for orchestrations; the scheduler needs none", () => {
    const alwaysReady = (choice: Choice) =>
      Site.parse(only(choice, "Microsoft.Web/sites").properties).functionAppConfig.scaleAndConcurrency.alwaysReady;
    assert.deepEqual(alwaysReady("onStorage"), [{ name: "durable", instanceCount: 1 }]);
    assert.deepEqual(alwaysReady("byDefault"), []);
  });

  test("with App Service authentication the platform lets requests through and the app decides", () => {
    const { properties } = only("onStorage", "Microsoft.Web/sites/config", "authsettingsV2");
    assert.deepEqual(properties.globalValidation, {
      requireAuthentication: false,
      unauthenticatedClientAction: "AllowAnonymous",
    });
    assert.doesNotMatch(JSON.stringify(properties), /secret/i);
    assert.ok(!deployments.byDefault.some(({ name }) => name.endsWith("authsettingsV2")));
  });

  test("tags everything with the environment, and one app with its service", () => {
    const taggable =
      /^Microsoft\.(Resources|ManagedIdentity|OperationalInsights|Insights|Storage|DocumentDB|DurableTask|CognitiveServices|KeyVault|Web)\/(?!.*\/)/;
    for (const choice of ["byDefault", "onStorage", "onOpenAi"] as const) {
      const tagged = deployments[choice].filter(({ type }) => taggable.test(type));
      assert.ok(tagged.length >= 8);
      for (const { id, tags } of tagged) assert.equal(tags?.["azd-env-name"], "test", id);
      const services = deployments[choice].flatMap(({ tags }) => tags?.["azd-service-name"] ?? []);
      assert.deepEqual(services, ["app"]);
    }
  });

  test("every parameter has a description, and azd's file names no other", () => {
    const { parameters } = z
      .object({ parameters: z.record(z.string(), z.object({ metadata: z.object({ description: z.string() }) })) })
      .parse(JSON.parse(compiled.stdout));
    assert.deepEqual(
      Object.keys(parametersFile.parameters).filter((name) => !(name in parameters)),
      [],
    );
  });

  test("tells azd where things are, and no secret", () => {
    const { outputs } = z.object({ outputs: z.record(z.string(), z.unknown()) }).parse(JSON.parse(compiled.stdout));
    assert.deepEqual(Object.keys(outputs).sort(), [
      "AZURE_LOCATION",
      "AZURE_RESOURCE_GROUP",
      "AZURE_TENANT_ID",
      "COSMOS_DATABASE",
      "COSMOS_ENDPOINT",
      "DURABLE_BACKEND",
      "SERVICE_APP_NAME",
      "SERVICE_APP_URI",
    ]);
  });
});

/** Names that the host, the durable extension or Application Insights read. */
const ofPlatform =
  /^(AzureWebJobsStorage__\w+|DURABLE_TASK_SCHEDULER_CONNECTION_STRING|APPLICATIONINSIGHTS_(CONNECTION|AUTHENTICATION)_STRING|APPLICATION_INSIGHTS_NO_STATSBEAT)$/;

/** What the platform itself puts into the environment of an app that was deployed so. */
function ofRunningApp(resources: readonly Resource[]): Record<string, string> {
  const guarded = resources.some(({ name }) => name.endsWith("/authsettingsV2"));
  return { WEBSITE_INSTANCE_ID: "instance", ...(guarded && { WEBSITE_AUTH_ENABLED: "True" }) };
}

/** The settings with something in the place of what only Azure knows. */
function readable(settings: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      if (name === "OPENAI_WEBHOOK_SECRET") return [name, "whsec_what_the_reference_gives"];
      if (name === "OPENAI_API_KEY") return [name, "sk-what-the-reference-gives"];
      if (!value.startsWith("[")) return [name, value];
      if (name === "APPLICATIONINSIGHTS_CONNECTION_STRING") return [name, `InstrumentationKey=${randomUUID()}`];
      const [, form] = /^\[format\('([^']*)'/.exec(value) ?? [];
      if (form && !form.startsWith("https:")) return [name, form.replaceAll("{0}", "known-after-deployment")];
      return [name, /ENDPOINT|URL/.test(name) ? "https://known-after-deployment" : "known-after-deployment"];
    }),
  );
}

const Site = z.looseObject({
  httpsOnly: z.boolean(),
  siteConfig: z.looseObject({ minTlsVersion: z.string(), scmMinTlsVersion: z.string() }),
  functionAppConfig: z.looseObject({
    siteUpdateStrategy: z.unknown(),
    runtime: z.unknown(),
    scaleAndConcurrency: z.looseObject({ triggers: z.unknown(), alwaysReady: z.unknown() }),
    deployment: z.looseObject({
      storage: z.looseObject({ authentication: z.looseObject({ type: z.string() }) }),
    }),
  }),
});

const CosmosAccount = z.looseObject({
  capabilities: z.unknown(),
  consistencyPolicy: z.looseObject({ defaultConsistencyLevel: z.string() }),
  locations: z.array(z.unknown()),
});
