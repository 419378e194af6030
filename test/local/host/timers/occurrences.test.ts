import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTimeSpan, parseTimeSpan } from "../../../../local/host/time-span.ts";
import { parseSchedule } from "../../../../local/host/timers/occurrences.ts";

const noon = Date.parse("2030-01-01T12:00:00Z");
const next = (schedule: string) => new Date(parseSchedule(schedule).next(noon)).toISOString();

test("six fields begin with seconds, five with minutes, and both are in UTC", () => {
  assert.equal(next("30 */5 * * * *"), "2030-01-01T12:00:30.000Z");
  assert.equal(next("*/5 * * * *"), "2030-01-01T12:05:00.000Z");
  assert.equal(next("0 0 9 * * 1-5"), "2030-01-02T09:00:00.000Z");
});

test("a day of the month and a day of the week must both fit, as in NCRONTAB", () => {
  assert.equal(next("0 0 0 13 * 5"), "2030-09-13T00:00:00.000Z");
});

test("a TimeSpan is the time between two runs", () => {
  assert.equal(next("00:00:30"), "2030-01-01T12:00:30.000Z");
  assert.equal(next("2.00:00:00"), "2030-01-03T12:00:00.000Z");
});

test("only schedules of a minute and more are monitored", () => {
  assert.deepEqual(
    ["* * * * * *", "0 * * * * *", "00:00:59", "00:01:00"].map((text) => parseSchedule(text).isFrequent),
    [true, false, true, false],
  );
});

test("TimeSpan texts are read and written as by .NET", () => {
  assert.deepEqual(["00:05:00", "3.00:00:00", "00:00:01.5", "5 minutes"].map(parseTimeSpan), [
    300_000,
    259_200_000,
    1500,
    undefined,
  ]);
  assert.deepEqual([300_000, 259_200_000].map(formatTimeSpan), ["00:05:00", "3.00:00:00"]);
});
