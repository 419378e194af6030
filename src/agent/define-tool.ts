import { z } from "zod";
import { messageOf, NightshiftError } from "../errors.ts";

/** What a tool is told about the call it serves. */
export interface ToolContext {
  /** The same for every execution of one call: hand it on to whatever must not act twice. */
  readonly idempotencyKey: string;
  /** Aborted on cancel, at the run's deadline and at the tool's timeout. */
  readonly signal: AbortSignal;
  /** Says how far the work is, for the run's phase: some words, and the part that is done, from 0 to 1. */
  progress(text: string, done?: number): void;
}

/**
 * How a call ended; the text is what the model is given as the call's output. `refused`: it was not executed. `failed`:
 * the tool threw. `fatal`: it threw `tool_fatal`, which ends the run.
 */
export type ToolOutcome =
  | { ok: true; text: string }
  | { ok: false; reason: "refused" | "failed" | "fatal"; text: string };

/** How often a tool that throws is tried in one execution, and the seconds before the second try, which then double. */
export interface ToolRetry {
  readonly attempts: number;
  readonly firstSeconds: number;
}

/** Who is asked before a call is executed: `note` is for that person, who has `deadlineSeconds` to decide. */
export interface ToolApproval {
  readonly note: string | null;
  readonly deadlineSeconds: number;
}

/** A function that an agent may call. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of the arguments, made from the zod schema. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** `safe`: run again after a crash. `never`: the model is told that the outcome is unknown. */
  readonly repeat: "safe" | "never";
  /** Of one execution, its tries and the waits between them included. */
  readonly timeoutSeconds: number;
  readonly retry: ToolRetry;
  /** A person decides on each call; null: nobody is asked. */
  readonly approval: ToolApproval | null;
  /** Executes one call. Never rejects: bad arguments and whatever the tool throws are the call's output. */
  invoke(argumentsJson: string, context: ToolContext): Promise<ToolOutcome>;
}

/**
 * Defines a tool. `execute` gets arguments that fit `parameters`; what it returns goes to the model, strings as they
 * are and everything else as JSON.
 * @throws NightshiftError `bad_agent`
 */
export function defineTool<Parameters extends z.ZodType>(definition: {
  /** 1–64 of `A–Z a–z 0–9 _ -`. */
  name: string;
  description: string;
  parameters: Parameters;
  execute: (args: z.output<Parameters>, context: ToolContext) => unknown;
  repeat?: "safe" | "never";
  /** Default: 5 minutes. */
  timeoutSeconds?: number;
  /** Default: one attempt. At most 10, and only of a tool that may be repeated. */
  retry?: ToolRetry;
  /**
   * A person decides on each call before it is executed: `"required"`, or with a note for that person (at most 300
   * characters) and the seconds after which a call without a decision is denied (default: 12 hours).
   */
  approval?: "required" | { note?: string; deadlineSeconds?: number };
}): Tool {
  const { name, description, parameters, execute, repeat = "safe", timeoutSeconds = 300, retry = once } = definition;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new NightshiftError("bad_agent", `Tool name ${JSON.stringify(name)}: use 1–64 of A–Z a–z 0–9 _ -.`);
  }
  if (!(timeoutSeconds > 0 && timeoutSeconds <= longestTimeoutSeconds)) {
    throw new NightshiftError("bad_agent", `Tool ${name}: timeoutSeconds is more than 0 and at most 29 days.`);
  }
  if (!(Number.isInteger(retry.attempts) && retry.attempts >= 1 && retry.attempts <= 10 && retry.firstSeconds >= 0)) {
    throw new NightshiftError("bad_agent", `Tool ${name}: retry takes 1 to 10 attempts, and seconds from 0.`);
  }
  if (retry.attempts > 1 && repeat === "never") {
    throw new NightshiftError("bad_agent", `Tool ${name} must not be repeated (repeat: "never"), so it has no retry.`);
  }
  const approval = approvalOf(definition.approval);
  if (approval && !(approval.deadlineSeconds > 0 && approval.deadlineSeconds <= longestTimeoutSeconds)) {
    throw new NightshiftError(
      "bad_agent",
      `Tool ${name}: approval.deadlineSeconds is more than 0 and at most 29 days.`,
    );
  }
  if (approval?.note && approval.note.length > 300) {
    throw new NightshiftError("bad_agent", `Tool ${name}: approval.note has at most 300 characters.`);
  }
  return {
    name,
    description,
    parameters: z.toJSONSchema(parameters, { io: "input" }),
    repeat,
    timeoutSeconds,
    retry,
    approval,
    async invoke(argumentsJson, context) {
      try {
        const parsed = await parseArguments(parameters, argumentsJson);
        if (!parsed.ok) return { ok: false, reason: "refused", text: `${name} was not executed: ${parsed.fault}` };
        return { ok: true, text: toText(await execute(parsed.value, context)) };
      } catch (error) {
        const fatal = error instanceof NightshiftError && error.code === "tool_fatal";
        return { ok: false, reason: fatal ? "fatal" : "failed", text: `${name} failed: ${messageOf(error)}` };
      }
    },
  };
}

const longestTimeoutSeconds = 29 * 86_400;

function approvalOf(approval?: "required" | { note?: string; deadlineSeconds?: number }): ToolApproval | null {
  if (approval === undefined) return null;
  const { note = null, deadlineSeconds = 12 * 3600 } = approval === "required" ? {} : approval;
  return { note, deadlineSeconds };
}

const once: ToolRetry = { attempts: 1, firstSeconds: 0 };

type Parsed<T> = { ok: true; value: T } | { ok: false; fault: string };

async function parseArguments<Parameters extends z.ZodType>(
  schema: Parameters,
  argumentsJson: string,
): Promise<Parsed<z.output<Parameters>>> {
  let value: unknown;
  try {
    value = JSON.parse(argumentsJson === "" ? "{}" : argumentsJson);
  } catch {
    return { ok: false, fault: "its arguments are not JSON." };
  }
  const result = await schema.safeParseAsync(value);
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, fault: `its arguments do not fit. ${z.prettifyError(result.error)}` };
}

function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? "null"; // undefined and functions have no JSON
}
