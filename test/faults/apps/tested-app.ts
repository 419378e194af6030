import { appendFileSync } from "node:fs";
import path from "node:path";
import { compose, systemClock } from "../../../functions/compose.ts";
import { register } from "../../../functions/register.ts";
import { readConfig } from "../../../src/config.ts";
import { testedAgent } from "../tested-agent.ts";

/** The app that ships with the agent for tests; each execution of a tool is a line in `executions` of the state's folder. */
const config = readConfig(process.env);
const file = path.join(config.state, "executions");
const executed = (idempotencyKey: string) => appendFileSync(file, `${idempotencyKey}\n`);
register(await compose(config, [testedAgent(systemClock(), config.toolSeconds, executed)]));
