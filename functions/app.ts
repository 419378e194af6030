import { spaceNovelWriter } from "../src/agents/space-novel-writer/space-novel-writer.ts";
import { readConfig } from "../src/config.ts";
import { compose } from "./compose.ts";
import { register } from "./register.ts";

const config = readConfig(process.env);
register(await compose(config, [spaceNovelWriter(config)]));
