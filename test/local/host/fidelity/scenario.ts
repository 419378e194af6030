import { readFileSync } from "node:fs";
import { z } from "zod";
import {
  comparedField,
  comparedHeader,
  identities,
  incomparable,
  overlapping,
  racingInstances,
} from "./comparison-rules.ts";

const exchange = z.object({
  note: z.string().optional(),
  request: z.object({ method: z.string(), url: z.string() }),
  response: z
    .object({ status: z.number(), headers: z.array(z.tuple([z.string(), z.string()])), body: z.string() })
    .optional(),
});

const call = z.object({
  functionId: z.string(),
  inputData: z.array(z.object({ data: z.record(z.string(), z.unknown()) })),
  triggerMetadata: z.record(z.string(), z.unknown()),
  response: z.object({ result: z.object({ status: z.number() }), returnValue: z.unknown().optional() }).optional(),
});

const scenario = z.object({
  http: z.array(exchange),
  orchestratorTurns: z.array(call),
  activityInvocations: z.array(call),
});

export type Scenario = z.infer<typeof scenario>;
type Call = z.infer<typeof call>;

/** What is compared of a scenario; turns and activities by instance. */
export interface Comparable {
  answers: unknown[];
  turns: unknown[][];
  activities: unknown[][];
}

/** A recording: one line for each exchange and each call. */
export function readRecording(path: string): Scenario {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const records: { kind: string }[] = lines.map((line) => JSON.parse(line));
  const of = (kind: string) => records.filter((record) => record.kind === kind);
  return scenario.parse({
    http: of("http"),
    orchestratorTurns: of("orchestrator"),
    activityInvocations: of("activity"),
  });
}

/** What the driver of the recordings writes. */
export function readDriven(path: string): Scenario {
  return scenario.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** A scenario with the comparison rules applied: two of these are equal when the hosts behaved alike. */
export function comparable(name: string, { http, orchestratorTurns, activityInvocations }: Scenario): Comparable {
  const same = identities();
  const compared = http.filter(({ note = "" }) => !incomparable.has(note));
  const answers = compared.map(({ note, request, response }) => ({
    note: same(note ?? ""),
    request: same(`${request.method} ${request.url}`),
    status: response?.status,
    headers: response?.headers
      .flatMap((header) => comparedHeader(header) ?? [])
      .map(same)
      .sort(),
    body: deep(overlapping.has(name) ? sortedHistory(response?.body) : response?.body, same),
  }));
  const own = ownInstances(orchestratorTurns, JSON.stringify(http));
  const turns = byInstance(orchestratorTurns, own, (turn) => payloadOf(turn).instanceId).map((instance) =>
    overlapping.has(name) ? [unordered(instance, same)] : instance.map((turn) => comparableCall(turn, same)),
  );
  const activities = byInstance(activityInvocations, own, instanceOf).map((instance) => {
    const calls = instance.map((each) => comparableCall(each, same));
    return overlapping.has(name) ? calls.map((each) => JSON.stringify(each)).sort() : calls;
  });
  return { answers, turns, activities };
}

/** Leaves out of `here` what an instance did after the recording had ended. */
export function cutLike(real: Comparable, here: Comparable): Comparable {
  const cut = (ours: unknown[][], theirs: unknown[][]) =>
    ours.map((calls, index) => calls.slice(0, theirs[index]?.length));
  const running = JSON.stringify(real.turns.flatMap((turns) => turns.at(-1) ?? [])).includes('["isDone",false]');
  if (!running) return here;
  return { ...here, turns: cut(here.turns, real.turns), activities: cut(here.activities, real.activities) };
}

/** Those that the answers name, in that order, and then their children. */
function ownInstances(turns: Call[], answers: string): string[] {
  const payloads = turns.map(payloadOf);
  const ids = payloads.map(({ instanceId }) => instanceId).filter((id) => !racingInstances.has(id));
  const named = new Set(ids.filter((id) => answers.includes(id)));
  const roots = [...named].sort((a, b) => answers.indexOf(a) - answers.indexOf(b));
  const children = payloads.filter(({ parentInstanceId }) => parentInstanceId !== null && named.has(parentInstanceId));
  return [...new Set([...roots, ...children.map(({ instanceId }) => instanceId)])];
}

/** The calls of each instance together. */
function byInstance(calls: Call[], instances: string[], idOf: (each: Call) => string): Call[][] {
  const groups = Map.groupBy(calls, idOf);
  return instances.map((id) => groups.get(id) ?? []);
}

function comparableCall({ functionId, inputData, triggerMetadata, response }: Call, same: (text: string) => string) {
  return {
    function: functionId,
    input: deep(typed(inputData[0]?.data), same),
    metadata: deep(ownMetadata(triggerMetadata), same),
    succeeded: response?.result.status,
    returned: deep(typed(response?.returnValue), same),
  };
}

/** The last turn of an instance, its events in an order of their own. */
function unordered(turns: Call[], same: (text: string) => string): unknown {
  const last = turns.at(-1);
  if (last === undefined) return [];
  const { history, ...rest } = payloadOf(last);
  const events = history
    .filter(({ EventType }) => EventType !== 12 && EventType !== 13)
    .map(({ IsPlayed: _, ...event }) => JSON.stringify(deep(event, same)));
  return { events: events.sort(), payload: deep(rest, same), returned: deep(typed(last.response?.returnValue), same) };
}

function sortedHistory(body: string | undefined): string | undefined {
  if (!body?.includes('"historyEvents"')) return body;
  const status: { historyEvents: Record<string, unknown>[] } = JSON.parse(body);
  const key = ({ FunctionName, Result }: Record<string, unknown>) => `${FunctionName} ${JSON.stringify(Result)}`;
  return JSON.stringify({ ...status, historyEvents: status.historyEvents.sort((a, b) => (key(a) < key(b) ? -1 : 1)) });
}

interface Payload {
  instanceId: string;
  parentInstanceId: string | null;
  history: { EventType: number; IsPlayed: boolean }[];
}

function payloadOf({ inputData }: Call): Payload {
  return JSON.parse(String(inputData[0]?.data.string)); // of the two hosts, which is what the test compares
}

function instanceOf({ triggerMetadata }: Call): string {
  return String(asSeen(triggerMetadata.instanceId));
}

/** Only what this host gives, as functions see it: the trigger's own value is not repeated (see the README's table). */
function ownMetadata(metadata: Record<string, unknown>): unknown {
  const entries = Object.entries(metadata).filter(([name]) => !/Trigger[0-9a-f]+$/.test(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, asSeen(value)]));
}

/** As the function sees it: the worker reads texts as JSON where they are JSON. */
function asSeen(value: unknown): unknown {
  const { json, string } = z.object({ json: z.string().optional(), string: z.string().optional() }).parse(value);
  const text = json ?? string ?? "";
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The recorder also wrote which field of the value is set, under the name `data`. */
function typed(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return null;
  const { data: _, ...fields } = value as { data?: unknown }; // an object has fields
  return fields;
}

/** The value with texts of JSON parsed and the rules applied, at any depth. Keys stay in their order. */
function deep(value: unknown, same: (text: string) => string): unknown {
  if (typeof value === "string") return deepText(value, same);
  if (Array.isArray(value)) return value.map((each) => deep(each, same));
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value).map(([key, each]) => [same(key), deep(comparedField(key, each), same)]);
}

function deepText(text: string, same: (text: string) => string): unknown {
  const [, words, json] = /^(.*(?: \n |Details: ))(\{"(?:\$type|Message)".*)$/s.exec(text) ?? [];
  if (words !== undefined && json !== undefined) return [deepText(words, same), deepText(json, same)];
  if (!/^\s*[{[]/.test(text)) return same(text);
  try {
    return deep(JSON.parse(text), same);
  } catch {
    return same(text);
  }
}
