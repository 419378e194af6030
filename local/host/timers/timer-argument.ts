import type { Schedule } from "../state/schedules.ts";

/** The JSON text of what a timer function gets, spelled as by .NET: the library lowers the first letters. */
export function timerArgument({ last, next, lastUpdated }: Schedule, isPastDue: boolean): string {
  return JSON.stringify({
    Schedule: { AdjustForDST: true },
    ScheduleStatus: { Last: dotnetTime(last), LastUpdated: dotnetTime(lastUpdated), Next: dotnetTime(next) },
    IsPastDue: isPastDue,
  });
}

function dotnetTime(time: number): string {
  return time === 0 ? "0001-01-01T00:00:00+00:00" : new Date(time).toISOString().replace("Z", "+00:00");
}
