import { messageOf } from "../errors.ts";
import { responseIdOf } from "../run/ids.ts";
import { type EndedRun, hasEnded, type Run } from "../run/run.ts";
import type { RunInput } from "../steps/run-input.ts";
import type { OpenAiServices } from "./call.ts";
import { responseNotFound } from "./openai-error.ts";
import { beginStory, type Line } from "./story.ts";

const commentSeconds = 15;
const never = new AbortController().signal;

/**
 * The run once it has ended; null: it goes on longer than an answer may take.
 * @throws OpenAiError 404 when it was deleted meanwhile
 */
export async function untilEnded(run: Run, services: OpenAiServices): Promise<EndedRun | null> {
  const { store, clock, foregroundSeconds } = services;
  const began = clock.now();
  for (;;) {
    const now = await store.get(run.id);
    if (!now) throw responseNotFound(responseIdOf(run.id));
    if (hasEnded(now)) return now;
    const seconds = (clock.now() - began) / 1000;
    if (seconds >= foregroundSeconds) return null;
    await clock.sleep(pause(seconds), never);
  }
}

/** Between two looks into the store: short answers are seen at once, long ones do not cost more than they take. */
function pause(waitedSeconds: number): number {
  return Math.min(Math.max(0.02, waitedSeconds / 40), 0.25);
}

/** Says a journal's lines in a wire format. */
interface Telling {
  tell(line: Line): string[];
  /** What stands at the end of a stream whose run goes on. */
  unfinished(): string[];
}

/**
 * Server-sent events about a run, from its first line to its end, or until an answer may take no longer. Nothing tells
 * us that the reader has left: a stream ends by itself.
 */
export function eventStream(
  run: Run,
  telling: (input: RunInput) => Telling,
  afterwards: () => Promise<void>,
  services: OpenAiServices,
): Response {
  const texts = follow(run, telling, afterwards, services);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await texts.return();
    },
  });
  const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };
  return new Response(body, { headers });
}

async function* follow(
  run: Run,
  telling: (input: RunInput) => Telling,
  afterwards: () => Promise<void>,
  { store, clock, foregroundSeconds, log }: OpenAiServices,
): AsyncGenerator<string, void> {
  const began = clock.now();
  const since = (instant: number) => (clock.now() - instant) / 1000;
  let wroteAt = began;
  let newsAt = began;
  let told = 0;
  try {
    const story = await beginStory(run, store);
    const { tell, unfinished } = telling(story.input);
    while (since(began) < foregroundSeconds) {
      const now = await store.get(run.id);
      if (!now) return;
      while (told < now.lastEvent) {
        const lines = await story.more();
        if (lines.length === 0) break;
        for (const line of lines) {
          const texts = tell(line);
          told = line.event.n;
          if (texts.length > 0) {
            yield texts.join("");
            wroteAt = clock.now();
          }
          if (hasEnded(line.run)) return await afterwards();
        }
        newsAt = clock.now();
      }
      if (since(wroteAt) >= commentSeconds) {
        yield ": still here\n\n";
        wroteAt = clock.now();
      }
      await clock.sleep(pause(since(newsAt)), never);
    }
    const texts = unfinished();
    if (texts.length > 0) yield texts.join("");
  } catch (error) {
    // The reader sees a stream without an end, and resumes it.
    log({ level: "warn", message: "A stream of a response was cut", runId: run.id, error: messageOf(error) });
  }
}
