import { z } from "zod";
import { Instant, RunId, SessionId } from "./ids.ts";
import { type EndedRun, hasEnded, type Run } from "./run.ts";
import { PayloadRef } from "./run-event.ts";

/** The request that made something, if it came with an Idempotency-Key: hashes of key and body. */
const Repeatable = z.strictObject({ key: z.string(), body: z.string() });
export type Repeatable = z.infer<typeof Repeatable>;

/** What stands in a session's conversation: what a run was asked and said, or a batch of items added by hand. */
export const Part = z.union([
  z.strictObject({
    run: RunId,
    /** The edition that the run went on from. */
    edition: z.int().nonnegative(),
    /** What is left of the run's items since some of them were deleted: a payload of the run. */
    left: PayloadRef.optional(),
  }),
  z.strictObject({ batch: z.int().positive(), request: Repeatable.optional() }),
]);
export type Part = z.infer<typeof Part>;
export type RunPart = Extract<Part, { run: RunId }>;

/**
 * A conversation that several runs continue, one after the other. There is no lock in it: the first run of the queue that
 * has not ended holds it, and whoever comes by takes out those before it. A run is stored before it joins, so that an
 * entry without a run is one whose run was deleted.
 */
export const Session = z.strictObject({
  v: z.literal(1),
  id: SessionId,
  caller: z.string(),
  createdAt: Instant,
  metadata: z.record(z.string(), z.string()),
  /** Runs in the order of their turns, until they are seen to have ended. */
  queue: z.array(RunId),
  parts: z.array(Part),
  /** Batches ever added: the number of the last. */
  batches: z.int().nonnegative(),
  /** Counts what was taken out of the conversation: the thread of a run of an earlier edition still has it. */
  edition: z.int().nonnegative(),
  /** By which it was made. */
  request: Repeatable.optional(),
});
export type Session = z.infer<typeof Session>;

/** So many parts are kept: of a longer conversation the beginning is forgotten here, not in the model's own thread. */
const mostParts = 1000;

export function newSession(id: SessionId, caller: string, createdAt: Instant): Session {
  return { v: 1, id, caller, createdAt, metadata: {}, queue: [], parts: [], batches: 0, edition: 0 };
}

/** The session with the run at the end of its queue; one that is in it keeps its place. */
export function joined(session: Session, runId: RunId): Session {
  return session.queue.includes(runId) ? session : { ...session, queue: [...session.queue, runId] };
}

/** The session without the runs at its head that have ended; null: deleted. What answered has its part in the conversation. */
export function settled(session: Session, ended: ReadonlyMap<RunId, EndedRun | null>): Session {
  const [head, ...queue] = session.queue;
  const run = head && ended.get(head);
  if (head === undefined || run === undefined) return session;
  const part = run && partOf(run);
  const isNew = part && session.parts.every((each) => !("run" in each) || each.run !== head);
  return settled({ ...session, queue, parts: isNew ? withPart(session.parts, part) : session.parts }, ended);
}

/** A run that failed or was cancelled leaves the conversation as it was before it. */
function partOf(run: EndedRun): RunPart | null {
  const answered = (run.status === "completed" || run.status === "incomplete") && run.lastResponseId !== null;
  return answered && run.thread ? { run: run.id, edition: run.thread.edition } : null;
}

export function withPart(parts: readonly Part[], part: Part): Part[] {
  return [...parts, part].slice(-mostParts);
}

/** The session without a run that is deleted: nothing of it may be heard again. */
export function withoutRun(session: Session, runId: RunId): Session {
  const parts = session.parts.filter((part) => !("run" in part) || part.run !== runId);
  return parts.length === session.parts.length ? session : { ...session, parts, edition: session.edition + 1 };
}

/** Where the last run stands that is in the conversation; -1: there is none. */
export function tailIndex({ parts }: Session): number {
  return parts.findLastIndex((part) => "run" in part);
}

/** The run whose thread at the provider is the conversation up to it; null: the conversation must be told anew. */
export function threadHolder(session: Session): RunId | null {
  const tail = session.parts[tailIndex(session)];
  return tail && "run" in tail && tail.edition === session.edition ? tail.run : null;
}

/** True for an ended run that the model has answered: there is something to go on from. */
export function canBeContinued(run: Run): run is EndedRun & { lastResponseId: string } {
  return hasEnded(run) && run.lastResponseId !== null;
}
