/** The clock of the app under test, moved by the test; it counts how often it was read. */
export const movedClock = {
  aheadSeconds: 0,
  reads: 0,
  now(): number {
    movedClock.reads += 1;
    return Date.now() + movedClock.aheadSeconds * 1000;
  },
};
