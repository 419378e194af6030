import { z } from "zod";

/** What a request to the server asks for. */
const requestKinds = ["read", "query", "batch", "other"] as const;
export type RequestKind = (typeof requestKinds)[number];

/** A fault: what becomes of the next `times` requests of a kind, once `skip` of them have passed. */
const Fault = z.strictObject({
  on: z.enum(requestKinds),
  /** The container whose requests are meant. */
  container: z.enum(["runs", "settings"]).default("runs"),
  skip: z.int().nonnegative().default(0),
  times: z.int().positive().default(1),
  delaySeconds: z.number().nonnegative().default(0),
  /** Does the request take effect? */
  applied: z.boolean(),
  /**
   * What its sender gets: its own answer, a cut connection, nothing at all, a status of the server's, or (of a batch) an
   * answer in which the first operation has a status.
   */
  answer: z.union([
    z.enum(["own", "cut", "none"]),
    z.strictObject({ status: z.int(), retryAfterMs: z.int().optional(), substatus: z.int().optional() }),
    z.strictObject({ firstOperation: z.int(), retryAfterMs: z.int() }),
  ]),
});
type Fault = z.infer<typeof Fault>;
export type NewFault = z.input<typeof Fault>;

export interface DueFault extends Fault {
  /** What the answer waits for, besides `delaySeconds`. */
  until: Promise<void>;
}

/** The faults that are still due, in the order in which they were asked for. */
export function faultList() {
  const due: DueFault[] = [];
  return {
    add(fault: NewFault, until: Promise<void> = Promise.resolve()): void {
      due.push({ ...Fault.parse(fault), until });
    },
    clear(): void {
      due.length = 0;
    },
    /** The fault that this request meets, if any. Only the first one of its kind counts the requests that pass. */
    meet(kind: RequestKind, path: string): DueFault | null {
      const fault = due.find(({ on, container }) => on === kind && path.includes(`/colls/${container}/`));
      if (fault === undefined) return null;
      if (fault.skip > 0) {
        fault.skip -= 1;
        return null;
      }
      fault.times -= 1;
      if (fault.times === 0) due.splice(due.indexOf(fault), 1);
      return fault;
    },
  };
}
