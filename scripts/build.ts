import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { buildPackage } from "./build-package.ts";
import { DurableBackend } from "./host-json.ts";

/** `npm run build [-- --backend AzureStorage] [--folder dist]`. azd hands its environment on, DURABLE_BACKEND among it. */
const { values } = parseArgs({
  options: {
    backend: { type: "string", default: process.env.DURABLE_BACKEND || "Scheduler" },
    folder: { type: "string", default: "dist" },
  },
});
const backend = DurableBackend.safeParse(values.backend);
if (!backend.success) {
  console.error(`The durable backend ${values.backend} is not known: Scheduler or AzureStorage.`);
  process.exit(1);
}
await buildPackage(values.folder, backend.data);
for (const file of readdirSync(values.folder)) {
  const { size } = statSync(path.join(values.folder, file));
  console.log(`${(size / 1024).toFixed(0).padStart(6)} KB  ${path.join(values.folder, file)}`);
}
