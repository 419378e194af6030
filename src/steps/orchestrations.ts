import { messageOf } from "../errors.ts";
import { instanceId } from "../run/ids.ts";
import type { Run } from "../run/run.ts";
import { bellName, type DeliveringInput, type ForgettingInput, type RunAgentInput } from "./contract.ts";
import type { Log } from "./services.ts";

/** The durable engine, as the steps and the API see it. */
export interface Orchestrations {
  /** Starts the orchestration under `instance`. One that exists already and has not ended is success. */
  start(instance: string, input: RunAgentInput): Promise<void>;
  /** Starts the orchestration that forgets a run, under `instance`; the same holds for one that exists. */
  startForgetting(instance: string, input: ForgettingInput): Promise<void>;
  /** Starts the orchestration that reports a run's end, under `instance`; the same holds for one that exists. */
  startDelivering(instance: string, input: DeliveringInput): Promise<void>;
  /** What became of it. Rejects when the engine could not say. */
  state(instance: string): Promise<"missing" | "alive" | "ended">;
  /** Raises an external event that carries nothing. */
  ring(instance: string, event: string): Promise<void>;
  /**
   * Deletes what the engine keeps of it. `alive`: it had not ended, and was told to: ask again. None there is success.
   */
  purge(instance: string): Promise<"purged" | "alive">;
  /** The engine's own management URLs. They open every run of the task hub: only for operators who ask for them. */
  managementUrls(instance: string): Record<string, string>;
}

/** Wakes the run's orchestration if it waits. A hint: failing to ring is logged, and the timer remains. */
export async function ring(run: Run, orchestrations: Orchestrations, log: Log): Promise<void> {
  try {
    await orchestrations.ring(instanceId(run.id, run.generation), bellName(run.pulse.bell));
  } catch (error) {
    log({ level: "warn", message: "A bell could not be rung", runId: run.id, error: messageOf(error) });
  }
}
