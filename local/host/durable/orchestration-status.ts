/** The numbers are the wire format of history and the state file. */
export const statusNames = [
  "Running",
  "Completed",
  "ContinuedAsNew",
  "Failed",
  "Canceled",
  "Terminated",
  "Pending",
  "Suspended",
] as const;

export type StatusName = (typeof statusNames)[number];

export const Status = {
  Running: 0,
  Completed: 1,
  ContinuedAsNew: 2,
  Failed: 3,
  Canceled: 4,
  Terminated: 5,
  Pending: 6,
  Suspended: 7,
} as const satisfies Record<StatusName, number>;

export function statusName(status: number): StatusName {
  const name = statusNames[status];
  if (name === undefined) throw new RangeError(`${status} is no orchestration status.`);
  return name;
}

/** Completed, Failed, Canceled and Terminated are for ever; nothing else is. */
export function isFinished(status: number): boolean {
  return (
    status === Status.Completed ||
    status === Status.Failed ||
    status === Status.Canceled ||
    status === Status.Terminated
  );
}
