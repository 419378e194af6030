import type { EventView, RunView } from "./timeline.ts";

/** One request as the model server's own journal tells it. */
export interface JournalRequest {
  method: string;
  path: string;
  status: number;
  responseId: string | null;
  metadata: Record<string, string> | null;
}

interface Check {
  what: string;
  expected: string;
  found: number;
  good: boolean;
}

export interface Observed {
  run: RunView;
  events: readonly EventView[];
  requests: readonly JournalRequest[];
  /** For each kill, how many requests the model server had seen when it came. */
  killedAfter: readonly number[];
}

/** The run's ledger beside what the model server counted itself; every line must be good. */
export function prove(observed: Observed): Check[] {
  const { run, events, requests, killedAfter } = observed;
  const posts = requests.filter(
    ({ method, path, metadata }) =>
      method === "POST" && path.endsWith("/responses") && metadata?.nightshift_run === run.id,
  );
  const responses = new Set(posts.map((post) => post.responseId)).size;
  const { ledger } = run;
  const looks = looksAtFirst(posts[0]?.responseId ?? null, requests, killedAfter[0] ?? 0);
  return [
    check("kills of the host", "2", killedAfter.length, killedAfter.length === 2),
    check("turns", "2 or more", run.turn, run.turn >= 2),
    check("attempts in the ledger", "one per turn", ledger.attempts, ledger.attempts === run.turn),
    check("POSTs the model server saw", "one per turn", posts.length, posts.length === run.turn),
    check("responses in the ledger", "one per turn", ledger.responses, ledger.responses === run.turn),
    check("responses the model server made", "one per turn", responses, responses === run.turn),
    check("GETs of response 1 before kill 1", "1 or more", looks.before, looks.before >= 1),
    check("GETs of the same response after it", "1 or more", looks.after, looks.after >= 1),
    check("possible orphans", "0", ledger.orphansPossible, ledger.orphansPossible === 0),
    ...executions(events),
    check("tool repeats in the ledger", "1", ledger.toolRepeats, ledger.toolRepeats === 1),
    check("words of the novel", "2,000 or more", words(run), words(run) >= 2000),
  ];
}

/** Counted by the model server: the same response is looked at again by the next process. */
function looksAtFirst(responseId: string | null, requests: readonly JournalRequest[], killedAfter: number) {
  const looks = requests.map(({ method, path }) => method === "GET" && path.endsWith(`/responses/${responseId}`));
  const count = (part: readonly boolean[]) => part.filter(Boolean).length;
  return { before: count(looks.slice(0, killedAfter)), after: count(looks.slice(killedAfter)) };
}

function words({ output }: RunView): number {
  const segments = new Intl.Segmenter(undefined, { granularity: "word" }).segment(output?.text ?? "");
  return [...segments].filter(({ isWordLike }) => isWordLike).length;
}

function executions(events: readonly EventView[]): Check[] {
  const count = (tool: string) => {
    const call = events.find((event) => event.type === "call-requested" && event.tool === tool);
    return events.filter((event) => event.type === "call-started" && event.callId === call?.callId).length;
  };
  const facts = count("researchSpaceFacts");
  const profiles = count("generateCharacterProfiles");
  return [
    check("executions of researchSpaceFacts", "1", facts, facts === 1),
    check("executions of generateCharacterProfiles", "2", profiles, profiles === 2),
  ];
}

function check(what: string, expected: string, found: number, good: boolean): Check {
  return { what, expected, found, good };
}
