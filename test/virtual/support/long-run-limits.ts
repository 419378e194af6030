import type { LongRun, MeasuredTurn, Sample } from "./long-run.ts";

/** A run of this many turns: seconds mostly, minutes, eight minutes, and every 20th hours. */
export function planTurns(count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const place = index % 20;
    if (place < 10) return 1 + ((index * 7) % 30);
    if (place < 16) return 60 * (1 + ((index * 5) % 7));
    if (place < 19) return 480;
    return 3600 * (1 + (Math.floor(index / 20) % 3));
  });
}

const historyLimit = { events: 120, characters: 16_000 };
/** Numbers get more digits. */
const documentSlack = 64;
const heapSlackMb = 8;

/** What a run of many turns does not keep to, of all that is promised of it; nothing, when all is well. */
export function brokenPromises({ status, turns, samples, history }: LongRun, count: number): string[] {
  const [first, ...later] = samples;
  return [
    ...(status === "completed" && turns.length === count ? [] : [`it is ${status} after ${turns.length} turns`]),
    ...turns.flatMap(turnFaults),
    ...(history.events > historyLimit.events ? [`an orchestration's history had ${history.events} events`] : []),
    ...(history.characters > historyLimit.characters ? [`a history had ${history.characters} characters`] : []),
    ...(first === undefined ? ["no sample was taken"] : later.flatMap((sample) => growth(first, sample))),
  ];
}

function turnFaults({ seconds, looks, lateSeconds }: MeasuredTurn, index: number): string[] {
  const turn = `turn ${index + 1} of ${seconds} s`;
  return [
    ...(looks > mostLooks(seconds) ? [`${turn} had ${looks} looks, not ${mostLooks(seconds).toFixed(1)}`] : []),
    ...(lateSeconds > mostLate(seconds) ? [`the answer to ${turn} was seen ${lateSeconds} s late`] : []),
  ];
}

/** Looks grow with the logarithm of the turn's length until 8 minutes, then 30 an hour. */
export function mostLooks(seconds: number): number {
  return 4.5 * Math.log(Math.min(seconds, 480)) + 4 + (30 * Math.max(0, seconds - 480)) / 3600;
}

export function mostLate(seconds: number): number {
  const rounding = 0.01; // the store's times have milliseconds
  return Math.min(Math.max(1, seconds / 4), 120) + rounding;
}

function growth(first: Sample, { turn, runDocument, eventDocument, heapMb }: Sample): string[] {
  const at = `at turn ${turn}`;
  return [
    ...(runDocument > first.runDocument + documentSlack
      ? [`the run's document has ${runDocument} characters ${at}`]
      : []),
    ...(eventDocument > first.eventDocument + documentSlack ? [`an event has ${eventDocument} characters ${at}`] : []),
    ...(heapMb > first.heapMb + heapSlackMb ? [`the heap has ${heapMb.toFixed(1)} MB ${at}`] : []),
  ];
}
