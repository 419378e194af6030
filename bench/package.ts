import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { cleanEnvironment, startProcess } from "../local/process/start-process.ts";
import { buildPackage } from "../scripts/build-package.ts";
import { percentile, round } from "./percentile.ts";

/**
 * `npm run bench:package`: the size of everything in the package, and the median time that fresh processes take to load
 * it with Azure's settings, so that Azure's SDKs are loaded and the store is opened, on a Cosmos DB for tests.
 */
const loads = 9;

const folder = mkdtempSync(path.join(tmpdir(), "nightshift-package-"));
const clean = cleanEnvironment(process.env);
const cosmos = await startProcess({
  args: ["test/support/cosmos/main.ts", "--port", "0"],
  env: clean,
  onLine: (line) => console.error(line),
});
try {
  await buildPackage(folder, "Scheduler");
  const sizes = readdirSync(folder).map((file) => statSync(path.join(folder, file)).size);
  const env = {
    ...clean,
    AZURE_OPENAI_ENDPOINT: "https://bench.openai.azure.com",
    NIGHTSHIFT_MODEL: "bench",
    COSMOS_ENDPOINT: cosmos.url,
    COSMOS_KEY: "any",
    APPLICATIONINSIGHTS_CONNECTION_STRING: `InstrumentationKey=${randomUUID()};IngestionEndpoint=http://127.0.0.1:9`,
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: "ClientId=bench;Authorization=AAD",
    APPLICATION_INSIGHTS_NO_STATSBEAT: "true",
  };
  const entry = path.join(folder, "main.mjs");
  const load = () =>
    Number(execFileSync(process.execPath, ["bench/load-package.ts", entry], { env, encoding: "utf8" }));
  const times = Array.from({ length: loads }, load);
  console.log(
    JSON.stringify({
      bench: "package",
      cores: availableParallelism(),
      sizeMb: round(sizes.reduce((sum, size) => sum + size, 0) / 1024 / 1024),
      loadMs: percentile(times, 50),
    }),
  );
} finally {
  await cosmos.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
