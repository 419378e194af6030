import type { z } from "zod";
import { type ApiError, invalidValue, missing } from "./api-error.ts";

/** An API error that names the first thing that does not fit. */
export function schemaError(error: z.ZodError, under = ""): ApiError {
  const [issue] = error.issues;
  const at = issue ? innermost(issue) : { path: [], message: "it does not fit" };
  const param = at.path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    under,
  );
  const absent = issue?.code === "invalid_type" && /received undefined/.test(issue.message);
  return absent && param !== "" ? missing(param) : invalidValue(param || "body", at.message);
}

/** In a union the branch that got furthest says most. */
function innermost(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== "invalid_union") return issue;
  const deepest = issue.errors
    .flatMap(([first]) => (first ? [innermost(first)] : []))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
  return deepest && deepest.path.length > 0
    ? { path: [...issue.path, ...deepest.path], message: deepest.message }
    : issue;
}
