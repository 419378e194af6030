import { app } from "@azure/functions";
import * as df from "durable-functions";
import type { HttpServices } from "../src/http/http-services.ts";
import { createRouter } from "../src/http/router.ts";
import { advanceRun } from "../src/steps/advance-run.ts";
import { advanceRunActivity, orchestrationName, performCallActivity } from "../src/steps/contract.ts";
import { performCall } from "../src/steps/perform-call.ts";
import type { Services } from "../src/steps/services.ts";
import { sweep } from "../src/steps/sweep.ts";
import { durableClient, orchestrationsOf } from "./durable-orchestrations.ts";
import { registerHttp } from "./http.ts";
import { runAgent } from "./run-agent.ts";

export interface AppServices extends Services, HttpServices {
  overdueSeconds: number;
  sweepSeconds: number;
}

/** Registers every function of the app. The composition root decides with what. */
export function register(services: AppServices): void {
  df.app.orchestration(orchestrationName, runAgent);
  df.app.activity(advanceRunActivity.name, {
    handler: (input: unknown) => advanceRun(advanceRunActivity.input.parse(input), services),
  });
  df.app.activity(performCallActivity.name, {
    extraInputs: [durableClient],
    handler: (input: unknown, context) =>
      performCall(performCallActivity.input.parse(input), { ...services, orchestrations: orchestrationsOf(context) }),
  });
  app.timer("sweep", {
    schedule: everySeconds(services.sweepSeconds),
    extraInputs: [durableClient],
    handler: (_timer, context) => sweep({ ...services, orchestrations: orchestrationsOf(context) }),
  });
  registerHttp(createRouter(services), services);
}

/** An NCRONTAB expression: seconds within a minute, else whole minutes within an hour. */
function everySeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `*/${whole} * * * * *` : `0 */${Math.min(59, Math.round(whole / 60))} * * * *`;
}
