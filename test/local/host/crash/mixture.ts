/** One instance of the mixed app, and what it must come to. */
export interface Member {
  id: string;
  orchestration: string;
  input: unknown;
  output: unknown;
  /** Numbers to send as events. Those that were answered 202 must be in the output. */
  events: number[];
}

const sum = (n: number) => (n * (n + 1)) / 2;

const kinds: ((n: number) => Omit<Member, "id">)[] = [
  (n) => ({ orchestration: "chain", input: n + 2, output: sum(n + 2), events: [] }),
  (n) => ({ orchestration: "fanOut", input: n + 1, output: 2 * sum(n), events: [] }),
  (n) => ({ orchestration: "timers", input: n + 1, output: 0, events: [] }),
  (n) => {
    const events = Array.from({ length: n + 1 }, (_, index) => index);
    return { orchestration: "events", input: n + 1, output: events, events };
  },
  (n) => {
    const sums = Array.from({ length: n }, (_, index) => sum(index)).reduce((a, b) => a + b, 3);
    return { orchestration: "children", input: n, output: sums, events: [] };
  },
  (n) => ({ orchestration: "generations", input: { left: n + 2, sum: 0 }, output: sum(n + 2), events: [] }),
  () => ({ orchestration: "retries", input: null, output: "worked", events: [] }),
  (n) => ({ orchestration: "race", input: n, output: n + 1, events: [] }),
];

/** The n-th member: kinds in turn, sizes from 0 to 6. */
export function member(n: number): Member {
  const kind = kinds[n % kinds.length];
  if (kind === undefined) throw new RangeError(`${n} is no member.`);
  return { id: `member-${n}`, ...kind(Math.floor(n / kinds.length) % 7) };
}
