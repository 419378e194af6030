import type { Run } from "../run/run.ts";

const most = 500;

/**
 * Reads the run that a text is, as `parse` does; of the runs read last, the same text is not parsed again. Runs are
 * never changed in place, so that one object may be handed out often.
 */
export function recentRuns(parse: (id: string, text: string) => Run): (id: string, text: string) => Run {
  const known = new Map<string, { text: string; run: Run }>();
  return (id, text) => {
    const recent = known.get(id);
    const run = recent?.text === text ? recent.run : parse(id, text);
    known.delete(id); // the order of the map is the order of use
    known.set(id, { text, run });
    const [oldest] = known.keys();
    if (known.size > most && oldest !== undefined) known.delete(oldest);
    return run;
  };
}
