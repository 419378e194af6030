/** The wire format of Durable history: numbers for kinds, keys in the order in which the real host writes them. */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventRaised: 15,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

interface Common {
  /** The task id for scheduled events, -1 for all others. */
  EventId: number;
  IsPlayed: boolean;
  Timestamp: string;
}

export interface InstanceReference {
  InstanceId: string;
  ExecutionId: string;
}

export interface ParentInstance {
  Name: string;
  OrchestrationInstance: InstanceReference;
  TaskScheduleId: number;
  Version: null;
}

/** The wire form of what an exception properties provider told about an error. */
export type FailureDetails = Record<string, unknown> | null;

export interface Failure {
  Reason: string;
  /** Null only where FailureDetails is set. */
  Details: string | null;
  FailureDetails: FailureDetails;
}

export interface ExecutionStarted extends Common {
  EventType: 0;
  OrchestrationInstance: InstanceReference;
  ParentInstance: ParentInstance | null;
  Name: string;
  /** JSON text. */
  Input: string | null;
  Generation: number | null;
}
export interface ExecutionCompleted extends Common {
  EventType: 1;
  OrchestrationStatus: number;
  Result: string | null;
  FailureDetails: FailureDetails;
}
export interface ExecutionTerminated extends Common {
  EventType: 3;
  Input: string | null;
}
export interface TaskScheduled extends Common {
  EventType: 4;
  Name: string;
}
export interface TaskCompleted extends Common {
  EventType: 5 | 8;
  TaskScheduledId: number;
  Result: string | null;
}
export interface TaskFailed extends Common, Failure {
  EventType: 6 | 9;
  TaskScheduledId: number;
}
export interface ChildCreated extends Common {
  EventType: 7;
  Name: string;
  InstanceId: string;
}
export interface TimerCreated extends Common {
  EventType: 10;
  FireAt: string;
}
export interface TimerFired extends Common {
  EventType: 11;
  TimerId: number;
  FireAt: string;
}
export interface TurnMark extends Common {
  EventType: 12 | 13;
}
export interface EventRaised extends Common {
  EventType: 15;
  Name: string;
  /** JSON text. */
  Input: string | null;
}
export interface SuspensionChanged extends Common {
  EventType: 19 | 20;
  Reason: string | null;
}

export type HistoryEvent =
  | ExecutionStarted
  | ExecutionCompleted
  | ExecutionTerminated
  | TaskScheduled
  | TaskCompleted
  | TaskFailed
  | ChildCreated
  | TimerCreated
  | TimerFired
  | TurnMark
  | EventRaised
  | SuspensionChanged;

const playedOnceOld: ReadonlySet<number> = new Set([0, 3, 5, 6, 8, 9, 11, 15, 19, 20]);

/** The event as later turns see it: the real host marks only some kinds as played, the others never. */
export function asPast(event: HistoryEvent): HistoryEvent {
  return playedOnceOld.has(event.EventType) ? { ...event, IsPlayed: true } : event;
}
