import { compose } from "../../functions/compose.ts";
import { register } from "../../functions/register.ts";
import { spaceNovelWriter } from "../../src/agents/space-novel-writer/space-novel-writer.ts";
import { readConfig } from "../../src/config.ts";
import { crashingAgent, crashingModel, crashingSender, crashingStore, killAt } from "./crash-points.ts";

/** The deployed app with its ports wrapped: it dies where NIGHTSHIFT_CRASH_AT says. */
const config = readConfig(process.env);
const pass = killAt(process.env.NIGHTSHIFT_CRASH_AT ?? "none:1");
const services = await compose(config, [crashingAgent(spaceNovelWriter(config), pass)]);
register({
  ...services,
  lateSeconds: 1, // so that a test sees the end of a tombstone
  store: crashingStore(services.store, pass),
  model: crashingModel(services.model, pass),
  webhookSender: crashingSender(services.webhookSender, pass),
});
