import type { EventRaised, ExecutionStarted } from "./history-event.ts";
import {
  EventType,
  type Failure,
  type FailureDetails,
  type HistoryEvent,
  type ParentInstance,
} from "./history-event.ts";

const received = { EventId: -1, IsPlayed: false };

export interface Started {
  instanceId: string;
  executionId: string;
  name: string;
  input: string | null;
  parent: ParentInstance | null;
  /** How many instances had the id before; null for children and after continue-as-new. */
  generation: number | null;
}

export function executionStarted(started: Started, Timestamp: string): ExecutionStarted {
  const { instanceId, executionId, name, input, parent, generation } = started;
  const event = {
    OrchestrationInstance: { InstanceId: instanceId, ExecutionId: executionId },
    EventType: EventType.ExecutionStarted,
    ParentInstance: parent,
    Name: name,
    Version: null,
    Input: input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: generation,
    GenerateNewTrace: false,
    ...received,
    Timestamp,
  };
  return event;
}

export function orchestratorStarted(Timestamp: string): HistoryEvent {
  return { EventType: EventType.OrchestratorStarted, ...received, Timestamp };
}

export function orchestratorCompleted(Timestamp: string): HistoryEvent {
  return { EventType: EventType.OrchestratorCompleted, ...received, Timestamp };
}

export function executionCompleted(
  OrchestrationStatus: number,
  Result: string | null,
  FailureDetails: FailureDetails,
  Timestamp: string,
): HistoryEvent {
  return {
    EventType: EventType.ExecutionCompleted,
    OrchestrationStatus,
    Result,
    FailureDetails,
    ...received,
    Timestamp,
  };
}

export function executionTerminated(reason: string | null, Timestamp: string): HistoryEvent {
  return { EventType: EventType.ExecutionTerminated, Input: reason, ...received, Timestamp };
}

export function executionSuspended(Reason: string | null, Timestamp: string): HistoryEvent {
  return { EventType: EventType.ExecutionSuspended, Reason, ...received, Timestamp };
}

export function executionResumed(Reason: string | null, Timestamp: string): HistoryEvent {
  return { EventType: EventType.ExecutionResumed, Reason, ...received, Timestamp };
}

export function taskScheduled(EventId: number, Name: string, Timestamp: string): HistoryEvent {
  const event = {
    EventType: EventType.TaskScheduled,
    Name,
    Version: "",
    Input: null,
    ParentTraceContext: null,
    Tags: null,
    EventId,
    IsPlayed: false,
    Timestamp,
  };
  return event;
}

export function taskCompleted(TaskScheduledId: number, Result: string | null, Timestamp: string): HistoryEvent {
  return { EventType: EventType.TaskCompleted, TaskScheduledId, Result, ...received, Timestamp };
}

export function taskFailed(TaskScheduledId: number, failure: Failure, Timestamp: string): HistoryEvent {
  return { EventType: EventType.TaskFailed, TaskScheduledId, ...failure, ...received, Timestamp };
}

export function childCreated(EventId: number, Name: string, InstanceId: string, Timestamp: string): HistoryEvent {
  const event = {
    EventType: EventType.SubOrchestrationInstanceCreated,
    Name,
    Version: null,
    InstanceId,
    Input: null,
    ClientSpanId: null,
    Tags: null,
    EventId,
    IsPlayed: false,
    Timestamp,
  };
  return event;
}

export function childCompleted(TaskScheduledId: number, Result: string | null, Timestamp: string): HistoryEvent {
  return { EventType: EventType.SubOrchestrationInstanceCompleted, TaskScheduledId, Result, ...received, Timestamp };
}

export function childFailed(TaskScheduledId: number, failure: Failure, Timestamp: string): HistoryEvent {
  return { EventType: EventType.SubOrchestrationInstanceFailed, TaskScheduledId, ...failure, ...received, Timestamp };
}

export function timerCreated(EventId: number, FireAt: string, Timestamp: string): HistoryEvent {
  return { EventType: EventType.TimerCreated, FireAt, EventId, IsPlayed: false, Timestamp };
}

export function timerFired(TimerId: number, FireAt: string, Timestamp: string): HistoryEvent {
  return { EventType: EventType.TimerFired, TimerId, FireAt, ...received, Timestamp };
}

export function eventRaised(Name: string, Input: string | null, Timestamp: string): EventRaised {
  const event = { EventType: EventType.EventRaised, Name, Input, ParentTraceContext: null, ...received, Timestamp };
  return event;
}
