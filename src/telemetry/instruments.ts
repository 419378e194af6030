import type { Counter, Histogram, Meter } from "@opentelemetry/api";

/** All metrics. The names of OpenTelemetry's conventions for generative AI where there are any, else `nightshift.…`. */
export interface Instruments {
  runs: Counter;
  runSeconds: Histogram;
  turns: Counter;
  tokens: Histogram;
  turnSeconds: Histogram;
  looks: Counter;
  latenessSeconds: Histogram;
  orphansPossible: Counter;
  orphansConfirmed: Counter;
  toolSeconds: Histogram;
  replacements: Counter;
  webhooks: Counter;
}

/** The conventions' own, continued: a run may take days, a turn hours. */
const seconds = {
  ofRuns: [0.1, 0.4, 1.6, 6.4, 25.6, 102.4, 409.6, 1638.4, 6553.6, 26_214, 104_858, 419_430, 1_677_722],
  ofTurns: [0.01, 0.04, 0.16, 0.64, 2.56, 10.24, 40.96, 163.84, 655.36, 2621.44, 10_485.76],
  ofLateness: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 900],
};
const tokens = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

export function instrumentsOf(meter: Meter): Instruments {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { unit, description });
  const histogram = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } });
  return {
    runs: counter("nightshift.runs", "{run}", "Runs that came to a status: queued, waiting, or one that ends them"),
    runSeconds: histogram("gen_ai.invoke_agent.duration", "s", "From a run's start to its end", seconds.ofRuns),
    turns: counter("nightshift.turns", "{turn}", "Attempts at a turn, by how they ended"),
    tokens: histogram("gen_ai.client.token.usage", "{token}", "Tokens of one response", tokens),
    turnSeconds: histogram("gen_ai.client.operation.duration", "s", "From a turn's start to its end", seconds.ofTurns),
    looks: counter("nightshift.looks", "{look}", "Times that a step looked at a response of the provider"),
    latenessSeconds: histogram(
      "nightshift.answer.lateness",
      "s",
      "From the second in which the provider had an answer to its being recorded",
      seconds.ofLateness,
    ),
    orphansPossible: counter("nightshift.orphans.possible", "{response}", "POSTs whose end nobody saw"),
    orphansConfirmed: counter("nightshift.orphans.confirmed", "{response}", "Responses that no run waited for"),
    toolSeconds: histogram("gen_ai.execute_tool.duration", "s", "From a call's start to its result", seconds.ofTurns),
    replacements: counter("nightshift.orchestrations.replaced", "{orchestration}", "Orchestrations that were lost"),
    webhooks: counter("nightshift.webhooks", "{attempt}", "Attempts to report a run's end to its webhook"),
  };
}
