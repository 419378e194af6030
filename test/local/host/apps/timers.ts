import { appendFileSync } from "node:fs";
import { app, type InvocationContext, type Timer } from "@azure/functions";
import * as df from "durable-functions";

const log = process.env.APP_LOG ?? "";

function note(name: string) {
  return async (timer: Timer, context: InvocationContext) => {
    const known = await df.getClient(context).getStatusBy({ createdTimeFrom: new Date(0) });
    appendFileSync(log, `${JSON.stringify({ name, at: Date.now(), timer, instances: known.length })}\n`);
  };
}

const extraInputs = [df.input.durableClient()];

app.timer("everySecond", { schedule: "* * * * * *", extraInputs, handler: note("everySecond") });
app.timer("atStart", { schedule: "0 0 3 * * *", runOnStartup: true, extraInputs, handler: note("atStart") });
app.timer("daily", { schedule: "1.00:00:00", extraInputs, handler: note("daily") });
