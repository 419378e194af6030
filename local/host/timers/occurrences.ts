import { Cron } from "croner";
import { parseTimeSpan } from "../time-span.ts";

export interface Occurrences {
  /** The first moment after `time` at which the schedule fires, in milliseconds. */
  next(time: number): number;
  /** Whether two moments can be less than a minute apart: the real host does not monitor such schedules. */
  isFrequent: boolean;
}

/**
 * Reads a schedule: NCRONTAB with five or six fields, in UTC, or a TimeSpan text as the time between two runs.
 * @throws Error that says what is wrong.
 */
export function parseSchedule(expression: string): Occurrences {
  const interval = parseTimeSpan(expression);
  if (interval !== undefined) {
    if (interval === 0) throw new Error("a schedule of 00:00:00 would never end");
    return { next: (time) => time + interval, isFrequent: interval < 60_000 };
  }
  if (expression.includes("%")) throw new Error("settings in percent signs are not offered; write the schedule itself");
  const cron = readCron(expression);
  const next = (time: number) => {
    const date = cron.nextRun(new Date(time));
    if (date === null) throw new Error(`The schedule '${expression}' never fires.`);
    return date.getTime();
  };
  const [first = 0, second = 0] = cron.nextRuns(2, new Date(0)).map((date) => date.getTime());
  return { next, isFrequent: second - first < 60_000 };
}

function readCron(expression: string): Cron {
  const fields = expression.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) throw new Error(`'${expression}' is neither NCRONTAB nor a TimeSpan`);
  try {
    return new Cron(expression, { timezone: "UTC", paused: true, domAndDow: true });
  } catch (error) {
    throw new Error(`'${expression}' is no NCRONTAB: ${error instanceof Error ? error.message : String(error)}`);
  }
}
