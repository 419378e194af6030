/** The moments right before and right after each commit of the host, for tests that kill the process there. */
export const passingPoints = [
  "host.before-start-commit",
  "host.after-start-commit",
  "host.before-message-commit",
  "host.after-message-commit",
  "host.before-turn-commit",
  "host.after-turn-commit",
  "host.before-activity-commit",
  "host.after-activity-commit",
  "host.before-purge-commit",
  "host.after-purge-commit",
  "host.before-schedule-commit",
  "host.after-schedule-commit",
] as const;
export type PassingPoint = (typeof passingPoints)[number];

/** What a commit is about; `start` is that of an orchestration, `message` an event, a termination and the like. */
export type CommitKind = "start" | "message" | "turn" | "activity" | "purge" | "schedule";
