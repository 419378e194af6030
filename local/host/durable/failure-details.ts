import { z } from "zod";
import type { Failure, FailureDetails } from "./history-event.ts";

/** What the SDK puts into the message of an activity's error when the app has an exception properties provider. */
const reported = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  stackTrace: z.string().nullish(),
  isNonRetriable: z.boolean().nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
});

const carried = z.object({
  ErrorType: z.string(),
  ErrorMessage: z.string(),
  StackTrace: z.string().nullish(),
  IsNonRetriable: z.boolean().nullish(),
  Properties: z.record(z.string(), z.unknown()).nullish(),
});

/** How history tells of an activity that threw. */
export function activityFailure(name: string, error: Error): Failure {
  const details = parseReported(error.message);
  if (details !== null) {
    const Reason = `Activity function '${name}' failed with an unhandled exception.`;
    return { Reason, Details: null, FailureDetails: details };
  }
  const Reason = `Activity function '${name}' failed: ${error.message}`;
  return { Reason, Details: dotnetException(error), FailureDetails: null };
}

/** The details that an orchestrator passes on from an uncaught failure, in the order of the real host. */
export function carriedDetails(value: Record<string, unknown> | null): FailureDetails {
  const found = carried.safeParse(value);
  if (!found.success) return null;
  const { ErrorType, ErrorMessage, StackTrace = null, IsNonRetriable, Properties = null } = found.data;
  return {
    ErrorType,
    ErrorMessage,
    StackTrace,
    InnerFailure: null,
    IsNonRetriable: IsNonRetriable === true,
    Properties,
  };
}

function parseReported(message: string): FailureDetails {
  if (!message.startsWith("{")) return null;
  try {
    const { errorType, errorMessage, stackTrace, isNonRetriable, properties } = reported.parse(JSON.parse(message));
    return carriedDetails({
      ErrorType: errorType,
      ErrorMessage: errorMessage,
      StackTrace: stackTrace,
      IsNonRetriable: isNonRetriable,
      Properties: properties,
    });
  } catch {
    return null; // an ordinary message that happens to begin with a brace
  }
}

/** The JSON of a .NET exception; the real one has more of .NET's own stack, which apps must not look at. */
function dotnetException({ message, stack = "" }: Error): string {
  return JSON.stringify({
    $type: "System.Exception, System.Private.CoreLib",
    ClassName: "System.Exception",
    Message: message,
    Data: null,
    InnerException: {
      $type: "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
      IsUserException: false,
      RemoteStackTrace: stack,
      RemoteMessage: message,
      RemoteTypeName: null,
      Message: `Result: Failure\nException: ${message}\nStack: ${stack}`,
      Data: { $type: "System.Collections.ListDictionaryInternal, System.Private.CoreLib" },
      InnerException: null,
      HelpLink: null,
      Source: "System.Private.CoreLib",
      HResult: -2146233088,
      StackTrace: "",
    },
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: -2146233088,
    Source: null,
    WatsonBuckets: null,
  });
}
