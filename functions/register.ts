import { app } from "@azure/functions";
import * as df from "durable-functions";
import hostJson from "../host.json" with { type: "json" };
import type { HttpServices } from "../src/http/http-services.ts";
import { createRouter } from "../src/http/router.ts";
import type { RunId } from "../src/run/ids.ts";
import { advanceRun } from "../src/steps/advance-run.ts";
import {
  advanceRunActivity,
  deliveringName,
  deliverWebhookActivity,
  forgetRunActivity,
  forgettingName,
  orchestrationName,
  performCallActivity,
} from "../src/steps/contract.ts";
import { type DeliverWebhookServices, deliverWebhook } from "../src/steps/deliver-webhook.ts";
import { type ForgetRunServices, forgetRun } from "../src/steps/forget-run.ts";
import { performCall } from "../src/steps/perform-call.ts";
import type { Services } from "../src/steps/services.ts";
import { sweep } from "../src/steps/sweep.ts";
import type { Around } from "../src/telemetry/around.ts";
import type { StepOf } from "../src/telemetry/step.ts";
import { delivering } from "./delivering.ts";
import { durableClient, orchestrationsOf } from "./durable-orchestrations.ts";
import { forgetting } from "./forgetting.ts";
import { checkFunctionTimeout } from "./function-timeout.ts";
import { registerHttp } from "./http.ts";
import { registerPurgeHistory } from "./purge-history.ts";
import { runAgent } from "./run-agent.ts";

/** Every night. A run lives 29 days at most, so what began 31 days ago is not needed by any. */
const purgeSchedule = "0 17 3 * * *";
const keepHistorySeconds = 31 * 24 * 3600;

export interface AppServices
  extends Services,
    HttpServices,
    Pick<ForgetRunServices, "lateSeconds">,
    Pick<DeliverWebhookServices, "webhookSender"> {
  overdueSeconds: number;
  sweepSeconds: number;
  /** What is traced stands under it. Absent: nothing is. */
  around?: Around;
}

/** Registers every function of the app. The composition root decides with what. */
export function register(services: AppServices): void {
  checkFunctionTimeout(services.agents.values(), services.model, hostJson.functionTimeout);
  df.app.orchestration(orchestrationName, runAgent);
  df.app.activity(advanceRunActivity.name, {
    extraInputs: [durableClient],
    handler(input: unknown, context) {
      const { name, input: shape } = advanceRunActivity;
      const step = shape.parse(input);
      const { runId } = step;
      const orchestrations = orchestrationsOf(context);
      return around({ name, runId }, () => advanceRun(step, { ...servicesFor(runId), orchestrations }));
    },
  });
  df.app.activity(performCallActivity.name, {
    extraInputs: [durableClient],
    handler(input: unknown, context) {
      const { name, input: shape } = performCallActivity;
      const call = shape.parse(input);
      const { runId, callId } = call;
      const orchestrations = orchestrationsOf(context);
      return around({ name, runId, callId }, () => performCall(call, { ...servicesFor(runId), orchestrations }));
    },
  });
  df.app.orchestration(forgettingName, forgetting);
  df.app.activity(forgetRunActivity.name, {
    extraInputs: [durableClient],
    handler: (input: unknown, context) =>
      forgetRun(forgetRunActivity.input.parse(input), { ...services, orchestrations: orchestrationsOf(context) }),
  });
  df.app.orchestration(deliveringName, delivering);
  df.app.activity(deliverWebhookActivity.name, {
    handler(input: unknown) {
      const { name, input: shape } = deliverWebhookActivity;
      const { runId } = shape.parse(input);
      return around({ name, runId }, () => deliverWebhook({ runId }, servicesFor(runId)));
    },
  });
  app.timer("sweep", {
    schedule: everySeconds(services.sweepSeconds),
    extraInputs: [durableClient],
    handler: (_timer, context) => sweep({ ...services, orchestrations: orchestrationsOf(context) }),
  });
  registerPurgeHistory(purgeSchedule, keepHistorySeconds, services.clock.now);
  registerHttp(createRouter(services), services);

  function around<T>(of: StepOf, work: () => Promise<T>): Promise<T> {
    return services.around ? services.around.step(of, work) : work();
  }

  /** Every line that a step of a run logs names the run. */
  function servicesFor(runId: RunId): AppServices {
    return { ...services, log: (line) => services.log({ runId, ...line }) };
  }
}

/** An NCRONTAB expression: seconds within a minute, else whole minutes within an hour. */
function everySeconds(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 60 ? `*/${whole} * * * * *` : `0 */${Math.min(59, Math.round(whole / 60))} * * * *`;
}
