/**
 * One answer of an agent in the background, without any host: ask, store the token, sleep, look again with the token.
 *
 *   node_modules/.bin/node examples/background-response.ts <state file> [question]
 *
 * Kill it at any moment and start it again with the same file: it goes on with the token that is stored there.
 *
 * Without settings it asks the local model server (start one with `npm run model`); with OPENAI_API_KEY and
 * NIGHTSHIFT_MODEL it asks OpenAI; with AZURE_OPENAI_ENDPOINT, the deployment's name in NIGHTSHIFT_MODEL and `az login`
 * or a managed identity (AZURE_CLIENT_ID) it asks Azure OpenAI.
 *
 * What it cannot do: killed between a request and the writing of its token, or while the tools run, it makes that
 * request or runs those tools again. A run on the host journals both beforehand, and so knows what may have been done.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { defineAgent } from "../src/agent/define-agent.ts";
import { defineTool } from "../src/agent/define-tool.ts";
import { newThread, run, type StepResult, Thread } from "../src/agent/run.ts";
import { readConfig } from "../src/config.ts";
import { messageOf } from "../src/errors.ts";
import { azureCredentials } from "../src/model/azure-credentials.ts";
import { openProvider } from "../src/model/open-provider.ts";
import { responsesModel } from "../src/model/responses.ts";

const readThermometer = defineTool({
  name: "readThermometer",
  description: "Reads the temperature at a place, in degrees Celsius.",
  parameters: z.strictObject({ place: z.string() }),
  execute({ place }) {
    console.log(`tool: the thermometer at ${place}`);
    return { place, celsius: 21.5 };
  },
});

const readBarometer = defineTool({
  name: "readBarometer",
  description: "Reads the air pressure at a place, in hectopascals.",
  parameters: z.strictObject({ place: z.string() }),
  execute({ place }) {
    console.log(`tool: the barometer at ${place}`);
    return { place, hectopascals: 1013 };
  },
});

const weatherClerk = defineAgent({
  name: "weather-clerk",
  description: "Reads instruments and reports.",
  instructions:
    "Call readThermometer and readBarometer for the place you are asked about, then report in one sentence.",
  tools: [readThermometer, readBarometer],
});

/** All that is kept while the model works: the conversation so far, and where its next answer will be. */
const State = z.strictObject({ thread: Thread, continuationToken: z.string() });
type State = z.infer<typeof State>;

async function ask(question: string, file: string): Promise<string> {
  const config = readConfig(process.env);
  const model = responsesModel(await openProvider(config.model, azureCredentials()));
  for (;;) {
    const { thread, ...work } = restore(file) ?? { thread: newThread, input: question };
    console.log("input" in work ? `asking: ${question}` : "looking, with the token that is stored");
    const step = await run(weatherClerk, thread, work, { model, allowBackgroundResponses: true, tools: "execute" });
    if (step.answer.kind === "completed") return step.answer.output.text;
    if (step.continuationToken !== null) store(file, step.thread, step.continuationToken);
    const seconds = Math.max(config.lookMinSeconds, secondsToWait(step.answer));
    console.log(`sleeping for ${seconds} s`);
    await setTimeout(1000 * seconds);
  }
}

function restore(file: string): State | null {
  return existsSync(file) ? State.parse(JSON.parse(readFileSync(file, "utf8"))) : null;
}

/** Whole or not at all: whoever reads the file finds the state before or the state after. */
function store(file: string, thread: Thread, continuationToken: string): void {
  writeFileSync(`${file}.new`, JSON.stringify({ thread, continuationToken } satisfies State));
  renameSync(`${file}.new`, file);
}

/** What the provider asks for; an answer that no waiting will change ends the program. */
function secondsToWait(answer: StepResult["answer"]): number {
  if (answer.kind === "pending") {
    console.log(`the model is at work on ${answer.responseId}; its token is stored`);
    return answer.pollAfterSeconds ?? 0;
  }
  if (answer.kind === "unavailable" || (answer.kind === "refused" && answer.retryable)) {
    console.log(answer.message);
    return answer.retryAfterSeconds ?? 5;
  }
  throw new Error(`There is no answer; delete the state file to ask anew. ${JSON.stringify(answer)}`);
}

const [file, question = "Give me a weather report about Lisbon."] = process.argv.slice(2);
try {
  if (file === undefined) throw new Error("Usage: node examples/background-response.ts <state file> [question]");
  console.log(`\n${await ask(question, file)}`);
  rmSync(file, { force: true });
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
