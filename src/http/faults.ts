import type { z } from "zod";
import type { Fault } from "../errors.ts";

type Issue = z.core.$ZodIssue;

/** Every fault that a schema found, each with its path; an unknown field is a fault of its own. */
export function faultsOf(issues: readonly Issue[], base: readonly PropertyKey[] = []): Fault[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: textOf([...path, key]), message: "there is no such field" }));
    }
    if (issue.code === "invalid_key") return faultsOf(issue.issues, path);
    const deeper = issue.code === "invalid_union" ? closest(issue.errors) : null;
    return deeper ? faultsOf(deeper, path) : [{ path: textOf(path), message: sentence(issue.message) }];
  });
}

/** Of a union's alternatives the one whose faults lie inside the value: its outside was right. */
function closest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] | null {
  return alternatives.find((issues) => issues.every((issue) => issue.path.length > 0)) ?? null;
}

function textOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "body" : path.map(String).join(".");
}

function sentence(message: string): string {
  const plain = message.replace(/\.$/, "");
  return /^(Invalid|Too|Expected|Unrecognized)\b/.test(plain) ? plain.charAt(0).toLowerCase() + plain.slice(1) : plain;
}
