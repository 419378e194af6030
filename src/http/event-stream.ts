import { messageOf } from "../errors.ts";
import type { RunId } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import type { RunEvent } from "../run/run-event.ts";
import type { Services } from "../steps/services.ts";

type StreamServices = Pick<Services, "store" | "clock" | "log"> & {
  /** Close after this long without news; null: not for silence alone. */
  streamSilenceSeconds: number | null;
};

/** A host cannot tell a stream that its reader left, so it ends by itself; `EventSource` comes back. */
const longestSeconds = 100;
const commentSeconds = 15;
/** For so long after news the run is looked at every 100 ms, later every second. */
const eagerSeconds = 5;
const pageSize = 100;

/** The events of a run above `after` as server-sent events, until the last one of an ended run (api.md, section 3). */
export function eventStream(runId: RunId, after: number, services: StreamServices): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  const lines = tell(runId, after, services, abort.signal);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel() {
      abort.abort();
    },
  });
}

async function* tell(
  runId: RunId,
  after: number,
  { store, clock, log, streamSilenceSeconds }: StreamServices,
  signal: AbortSignal,
): AsyncGenerator<string, void> {
  const began = clock.now();
  let told = after;
  let newsAt = began;
  let wroteAt = began;
  const since = (instant: number) => (clock.now() - instant) / 1000;
  const silence = streamSilenceSeconds ?? longestSeconds;
  yield ": the events of a run\n\n";
  try {
    while (!signal.aborted) {
      const run = await store.get(runId);
      if (!run) return;
      while (told < run.lastEvent) {
        const page = await store.events(runId, told, pageSize);
        if (page.length === 0) break;
        yield page.map(eventText).join("");
        told = page.at(-1)?.n ?? told;
        newsAt = clock.now();
        wroteAt = newsAt;
      }
      if (hasEnded(run) && told >= run.lastEvent) return;
      if (since(began) >= longestSeconds || since(newsAt) >= silence) return yield retryText(run, clock.now());
      if (since(wroteAt) >= commentSeconds) {
        yield ": still here\n\n";
        wroteAt = clock.now();
      }
      await clock.sleep(since(newsAt) < eagerSeconds ? 0.1 : 1, signal);
    }
  } catch (error) {
    // The reader comes back after `retry` and goes on after the last event it saw.
    log({ level: "warn", message: "A stream of events was cut", runId, error: messageOf(error) });
    yield "retry: 5000\n\n";
  }
}

function eventText(event: RunEvent): string {
  return `id: ${event.n}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The reader need not come back before the run's next look. */
function retryText(run: Run, now: number): string {
  const milliseconds = Date.parse(run.pulse.nextLookAt) - now;
  return `retry: ${Math.min(Math.max(1000, Math.round(milliseconds)), 60_000)}\n\n`;
}
