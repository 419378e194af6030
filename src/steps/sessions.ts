import { createHash } from "node:crypto";
import { messageOf } from "../errors.ts";
import type { Instant, RunId, SessionId } from "../run/ids.ts";
import { awaitsSession } from "../run/next-move.ts";
import { type EndedRun, hasEnded, type Run } from "../run/run.ts";
import { joined, newSession, Session, settled, withoutRun } from "../run/session.ts";
import type { RunStore } from "../store/run-store.ts";
import { canonicalJson } from "./canonical-json.ts";
import { type Orchestrations, ring } from "./orchestrations.ts";
import type { Services } from "./services.ts";

/** Whose session: callers name theirs as they like, and never meet. */
export interface SessionName {
  caller: string;
  id: SessionId;
}

/** The setting that a session is kept as. */
export function settingOf({ caller, id }: SessionName): string {
  const hash = createHash("sha256")
    .update(canonicalJson([caller, id]))
    .digest("hex");
  return `session-${hash.slice(0, 40)}`;
}

/** Writes what `decide` says of the session, null: there is none, or is to be none; the same one is not written again. */
export async function changeSession(
  name: SessionName,
  decide: (session: Session | null) => Session | null,
  store: Pick<RunStore, "changeSetting">,
): Promise<Session | null> {
  const text = await store.changeSetting(settingOf(name), (stored) => {
    const before = stored === null ? null : parse(stored);
    const session = decide(before);
    if (session === before) return stored;
    return session && JSON.stringify(session);
  });
  return text === null ? null : parse(text);
}

function parse(text: string): Session {
  return Session.parse(JSON.parse(text));
}

type SessionStore = Pick<RunStore, "get" | "changeSetting">;

/** The session once the runs at its head that have ended are taken out of its queue; null: there is none. */
export async function settledSession(name: SessionName, store: SessionStore): Promise<Session | null> {
  let session = await changeSession(name, (stored) => stored, store);
  while (session) {
    const ended = await endedHeads(session, store);
    if (ended.size === 0) break;
    session = await changeSession(name, (stored) => stored && settled(stored, ended), store);
  }
  return session;
}

async function endedHeads({ queue }: Session, store: SessionStore): Promise<Map<RunId, EndedRun | null>> {
  const ended = new Map<RunId, EndedRun | null>();
  for (const runId of queue) {
    const run = await store.get(runId);
    if (run && !hasEnded(run)) break;
    ended.set(runId, run);
  }
  return ended;
}

/** The settled session with the run in its queue: at the end, unless it has its place already. */
export async function joinSession(
  run: Pick<Run, "id" | "caller"> & { sessionId: SessionId },
  at: Instant,
  store: SessionStore,
): Promise<Session> {
  const name = { caller: run.caller, id: run.sessionId };
  const settled = await settledSession(name, store);
  if (settled?.queue.includes(run.id)) return settled;
  const text = await store.changeSetting(settingOf(name), (stored) => {
    const before = stored === null ? newSession(name.id, name.caller, at) : parse(stored);
    return JSON.stringify(joined(before, run.id));
  });
  return parse(text);
}

/** Takes an ended run that is to be deleted out of its session. */
export async function leaveSession({ id, caller, sessionId }: Run, store: SessionStore): Promise<void> {
  if (sessionId === undefined) return;
  const name = { caller, id: sessionId };
  await settledSession(name, store); // or the run would come in later
  await changeSession(name, (session) => session && withoutRun(session, id), store);
}

type Passing = Pick<Services, "log"> & { store: SessionStore; orchestrations: Orchestrations };

/** Rings the run whose turn in the session of an ended one has come. A hint: it would come by itself, later. */
export async function passOn({ id, caller, sessionId }: Run, services: Passing): Promise<void> {
  if (sessionId === undefined) return;
  const { store, orchestrations, log } = services;
  try {
    const session = await settledSession({ caller, id: sessionId }, store);
    const [head] = session?.queue ?? [];
    const next = head ? await store.get(head) : null;
    if (next && awaitsSession(next)) await ring(next, orchestrations, log);
  } catch (error) {
    const message = "The next run of a session could not be woken";
    log({ level: "warn", message, runId: id, error: messageOf(error) });
  }
}
