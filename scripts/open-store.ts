import { storeOf, systemClock } from "../functions/compose.ts";
import { readConfig } from "../src/config.ts";

/** Who runs a command is no caller, asks no model, and need not be the app's identity: those settings do not count here. */
const ofStore = /^(NIGHTSHIFT_STATE|NIGHTSHIFT_STORE|COSMOS_\w+)$/;

/** The store that the environment names, as for the app, and in words which it is. */
export async function openStore(environment: NodeJS.ProcessEnv) {
  const config = readConfig(Object.fromEntries(Object.entries(environment).filter(([name]) => ofStore.test(name))));
  const clock = systemClock();
  const name = config.store.kind === "sqlite" ? config.state : `${config.store.endpoint} ${config.store.database}`;
  return { store: await storeOf(config, clock.now), clock, name };
}
