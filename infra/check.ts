import path from "node:path";
import { findBicep } from "./bicep.ts";

/** `npm run check:infra`: main.bicep and its modules compile and lint without a warning. */
const bicep = findBicep();
if (typeof bicep !== "function") {
  console.log(`check:infra skipped: ${bicep.missing}.`);
} else {
  const main = path.join(import.meta.dirname, "main.bicep");
  const { ok, diagnostics } = await bicep(["build", main, "--stdout", "--no-restore"]); // which lints, too
  for (const line of diagnostics) console.error(line);
  if (!ok || diagnostics.length > 0) process.exit(1);
  console.log("check:infra: main.bicep and its modules compile and lint without a warning.");
}
