import { randomHex } from "../functions/compose.ts";
import { messageOf } from "../src/errors.ts";
import { addKey, CallerName, listKeys } from "../src/http/caller-keys.ts";
import { openStore } from "./open-store.ts";

/**
 * `npm run first-key`, which azd runs after a deployment: makes the first caller's key, prints it this once with the
 * app's address and a `curl` that works. Where there is a key already, or the platform knows the callers, it makes none.
 */
const owner = CallerName.parse("owner");

async function main(): Promise<void> {
  const { SERVICE_APP_URI: uri = "http://127.0.0.1:7071", CALLER_AUTHENTICATION: authentication } = process.env;
  console.log(`Nightshift   ${uri}`);
  if (authentication === "app-service") {
    return console.log("Callers show a token of Microsoft Entra ID; there are no keys.");
  }
  const { store, clock } = await openStore(process.env);
  try {
    const services = { store, clock, randomHex };
    if ((await listKeys(services)).length > 0) {
      return console.log("Callers have keys already: npm run keys -- list");
    }
    const key = await addKey(owner, services);
    console.log(`
The first key, of the caller "${owner}", shown this once:
  ${key}

Start a run:
  curl -i ${uri}/agents/space-novel-writer/runs -H 'authorization: Bearer ${key}' \\
    -H 'content-type: application/json' -d '{"input":"Write a very long space novel about the first city on Mars."}'`);
  } finally {
    await store.close();
  }
}

try {
  await main();
} catch (error) {
  console.error(messageOf(error));
  console.error("No key was made. A new role takes some minutes to count; then: npm run keys -- add <caller>");
  process.exitCode = 1;
}
