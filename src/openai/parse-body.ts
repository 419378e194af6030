import type { z } from "zod";
import { invalidValue, missing, type OpenAiError } from "./openai-error.ts";

/**
 * A body as `schema` has it; `under` is where the value stands.
 * @throws OpenAiError 400 that names the first parameter that does not fit
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, value: unknown, under = ""): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw faultOf(parsed.error, under);
}

function faultOf({ issues: [first] }: z.ZodError, under: string): OpenAiError {
  const issue = first ? innermost(first) : { path: [], message: "it does not fit", input: null };
  const param = nameOf(issue.path, under);
  return issue.input === undefined && param !== ""
    ? missing(param)
    : invalidValue(param || "body", issue.message.replace(/\.$/, ""));
}

/** `input[0].content`, as OpenAI names parameters. */
function nameOf(path: readonly PropertyKey[], under = ""): string {
  return path.reduce<string>((name, part) => {
    if (typeof part === "number") return `${name}[${part}]`;
    return name === "" ? String(part) : `${name}.${String(part)}`;
  }, under);
}

/** Of a union's alternatives the one that got furthest says most. */
function innermost(issue: z.core.$ZodIssue): Pick<z.core.$ZodIssue, "path" | "message" | "input"> {
  if (issue.code !== "invalid_union") return issue;
  const deepest = issue.errors
    .flatMap(([first]) => (first ? [innermost(first)] : []))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  if (!deepest || deepest.path.length === 0) return issue;
  return { ...deepest, path: [...issue.path, ...deepest.path] };
}
