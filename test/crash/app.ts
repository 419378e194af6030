import { z } from "zod";
import { compose } from "../../functions/compose.ts";
import { register } from "../../functions/register.ts";
import { spaceNovelWriter } from "../../src/agents/space-novel-writer/space-novel-writer.ts";
import { readConfig } from "../../src/config.ts";
import { approvingAgent, askingFor, dyingAtClaims } from "./approving-agent.ts";
import { crashingAgent, crashingModel, crashingSender, crashingStore, faultyModel, killAt } from "./crash-points.ts";

/**
 * The deployed app with its ports wrapped: it dies where NIGHTSHIFT_CRASH_AT says, its POSTs meet CRASH_FAULTS,
 * and the tool CRASH_APPROVAL needs a person.
 */
const config = readConfig(process.env);
const pass = killAt(process.env.NIGHTSHIFT_CRASH_AT ?? "none:1");
const faults = z.record(z.string(), z.unknown()).parse(JSON.parse(process.env.CRASH_FAULTS ?? "{}"));
const asking = askingFor(process.env.CRASH_APPROVAL ?? "none", spaceNovelWriter(config));
const agents = [asking, approvingAgent(config.state)];
const services = await compose(
  config,
  agents.map((agent) => crashingAgent(agent, pass)),
);
register({
  ...services,
  lateSeconds: 1, // so that a test sees the end of a tombstone
  store: dyingAtClaims(crashingStore(services.store, pass), pass),
  model: crashingModel(faultyModel(services.model, faults), pass),
  webhookSender: crashingSender(services.webhookSender, pass),
});
