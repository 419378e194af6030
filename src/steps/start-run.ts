import { createHash } from "node:crypto";
import type { Agent } from "../agent/define-agent.ts";
import { messageOf, NightshiftError } from "../errors.ts";
import type { Message } from "../model/model.ts";
import { type Instant, instanceId, plusSeconds, RunId, type SessionId } from "../run/ids.ts";
import { awaitsSession } from "../run/next-move.ts";
import { hasEnded, type Run } from "../run/run.ts";
import type { ApprovedCall, Limits } from "../run/run-event.ts";
import { joined, type Session } from "../run/session.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Orchestrations } from "./orchestrations.ts";
import { idempotencyMismatch, secretDigest } from "./repeatable.ts";
import { plainInput, type RunInput } from "./run-input.ts";
import { instantOf, type Services } from "./services.ts";
import { changeSession, joinSession, settledSession } from "./sessions.ts";
import { startDelivery } from "./start-delivery.ts";
import { requireWebhookSecret } from "./webhook-secrets.ts";

export interface StartRun {
  agent: Agent;
  caller: string;
  input: Message[] | RunInput;
  metadata: Record<string, string>;
  /** Within the agent's own. */
  limits: Limits;
  /** Where the run's end is reported. Absent: nowhere. */
  webhook?: { url: string } | undefined;
  /** The body as the caller sent it, parsed: what a repeat is compared with. */
  body: unknown;
  /** Null: every start is a new run. */
  idempotencyKey: string | null;
  /** The session that the run waits its turn in. Absent: none. */
  session?: SessionStart;
  /** Calls of the run before that `input` approves: they come before the first turn. */
  approvedCalls?: readonly ApprovedCall[];
}

export interface SessionStart {
  id: SessionId;
  /**
   * Null: the run waits its turn, and a session that is not there is made. Else the run starts only in a session that
   * nothing changes between this look and the run's joining; it throws what refuses the start.
   */
  admit: ((session: Session | null) => Promise<Session>) | null;
}

export type StartRunServices = Pick<Services, "store" | "clock" | "randomHex" | "log"> & {
  orchestrations: Orchestrations;
  /** Runs that one caller may have under way at once, or null. Starts at the same moment may go a little beyond. */
  unendedRuns: number | null;
};

/**
 * Writes a queued run and starts its orchestration. With an idempotency key the run's id is derived from caller and
 * key, so that creating it is the atomic check; a repeat gives the run as it is now. Once the run is stored, starting
 * the orchestration is a hint: what fails is logged, and the sweeper starts what was left.
 * @throws NightshiftError `idempotency_mismatch`, `too_many_requests`, `session_busy`, `webhook_secret_missing`
 */
export async function startRun(start: StartRun, services: StartRunServices): Promise<Run> {
  const id = await idFor(start, services);
  const seat = await seatFor(id, start, services);
  const requestHash = requestHashOf(start);
  const run = await createOrFind(id, requestHash, start, services);
  if (run.requestHash !== requestHash) {
    throw idempotencyMismatch();
  }
  if (awaitsSession(run)) await takeSeat(run, seat, services);
  if (hasEnded(run)) await startDelivery(run, services);
  else await startOrchestration(run, services);
  return run;
}

/**
 * The run that this very start made before, as it is now; null: none, as far as is known.
 * @throws NightshiftError `idempotency_mismatch`
 */
export async function startedBefore(
  start: Identity,
  services: Pick<Services, "store" | "randomHex">,
): Promise<Run | null> {
  if (start.idempotencyKey === null) return null;
  const run = await services.store.get(await idFor(start, services));
  if (run && run.requestHash !== requestHashOf(start)) throw idempotencyMismatch();
  return run;
}

/** By which a start is known when it comes again. */
type Identity = Pick<StartRun, "agent" | "caller" | "body" | "idempotencyKey">;

function requestHashOf({ agent, body }: Identity): string {
  return createHash("sha256")
    .update(canonicalJson([agent.name, body]))
    .digest("hex");
}

/** The session as it admits the run; null: the run needs nobody's leave, or is there already. */
async function seatFor(id: RunId, start: StartRun, { store }: StartRunServices): Promise<Session | null> {
  if (!start.session?.admit) return null;
  if (start.idempotencyKey !== null && (await store.get(id))) return null;
  return start.session.admit(await settledSession({ caller: start.caller, id: start.session.id }, store));
}

/**
 * The run joins its session: only where that is as it admitted the run, if it had to. A run that comes too late for that
 * has not begun, and is taken back.
 */
async function takeSeat(
  run: Run & { sessionId: SessionId },
  seat: Session | null,
  { store }: StartRunServices,
): Promise<void> {
  if (!seat) {
    await joinSession(run, run.createdAt, store);
    return;
  }
  const admitted = JSON.stringify(seat);
  const session = await changeSession(
    { caller: run.caller, id: run.sessionId },
    (stored) => (stored && JSON.stringify(stored) === admitted ? joined(stored, run.id) : stored),
    store,
  );
  if (session?.queue.includes(run.id)) return;
  const now = await store.get(run.id);
  if (now && !awaitsSession(now)) return; // a repeat of the same start was faster: the run has had its turn
  await store.forget(run.id);
  throw sessionBusy(run.sessionId);
}

export function sessionBusy(id: SessionId): NightshiftError {
  return new NightshiftError("session_busy", `Another run is at work in session ${id}. Try again when it has ended.`);
}

async function createOrFind(id: RunId, requestHash: string, start: StartRun, services: StartRunServices) {
  const { store, clock } = services;
  const { agent, caller, limits, metadata, input, session, webhook, approvedCalls = [] } = start;
  const at: Instant = instantOf(clock);
  const deadline = plusSeconds(at, limits.deadlineSeconds);
  const previousRunId = "previous" in input ? input.previous?.runId : undefined;
  const run = {
    ...{ runId: id, at, agent: agent.name, caller, requestHash, limits, deadline, metadata },
    ...(session && { sessionId: session.id }),
    ...(previousRunId && { previousRunId }),
    ...(webhook && { webhook: { host: new URL(webhook.url).host } }),
    ...(approvedCalls.length > 0 && { approvedCalls: [...approvedCalls] }),
  };
  const repeated = await repeatedOrAdmitted(id, start, services);
  if (repeated) return repeated;
  try {
    return await store.create(run, JSON.stringify(inputOf(start)));
  } catch (error) {
    const found = error instanceof NightshiftError && error.code === "run_exists" ? await store.get(id) : null;
    if (!found) throw error;
    return found;
  }
}

function inputOf({ input, webhook }: StartRun): StartRun["input"] {
  if (!webhook) return input;
  return { ...(Array.isArray(input) ? plainInput(input) : input), webhook };
}

/**
 * Null: the caller may start one more run. One who may not can still repeat a start: that run is there.
 * @throws NightshiftError `too_many_requests`, `webhook_secret_missing`
 */
async function repeatedOrAdmitted(id: RunId, { caller, webhook }: StartRun, services: StartRunServices) {
  const { store, unendedRuns } = services;
  const full = unendedRuns !== null && (await store.unended(caller, unendedRuns)) >= unendedRuns;
  if (!full && !webhook) return null;
  const repeated = await store.get(id);
  if (repeated) return repeated;
  if (webhook) await requireWebhookSecret(caller, services);
  if (!full) return null;
  const message = `You have ${unendedRuns} runs under way (NIGHTSHIFT_UNENDED_RUNS). Wait until one has ended, or cancel one.`;
  throw new NightshiftError("too_many_requests", message, { retryAfterSeconds: 10 });
}

async function startOrchestration(run: Run, { orchestrations, log }: StartRunServices): Promise<void> {
  try {
    const { id: runId, generation } = run;
    await orchestrations.start(instanceId(runId, generation), { runId, generation, failures: 0 });
  } catch (error) {
    log({
      level: "error",
      message: "An orchestration could not be started yet",
      runId: run.id,
      error: messageOf(error),
    });
  }
}

async function idFor(
  { caller, idempotencyKey }: Identity,
  services: Pick<Services, "store" | "randomHex">,
): Promise<RunId> {
  if (idempotencyKey === null) return runIdOf(Buffer.from(services.randomHex(20), "hex"));
  return runIdOf(await secretDigest([caller, idempotencyKey], services));
}

/** 160 bits as 32 digits of base 32. */
function runIdOf(bytes: Buffer): RunId {
  const bits = BigInt(`0x${bytes.subarray(0, 20).toString("hex")}`);
  return RunId.parse(`run_${bits.toString(32).padStart(32, "0")}`);
}
