import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { z } from "zod";
import { parseTimeSpan } from "./time-span.ts";

const level = z
  .string()
  .toLowerCase()
  .pipe(z.enum(["trace", "debug", "information", "warning", "error", "critical", "none"]));

const count = z.int().positive();

const timeSpan = z.string().transform((text, context) => {
  const milliseconds = text === "-1" ? null : parseTimeSpan(text);
  if (milliseconds !== undefined) return milliseconds;
  context.addIssue(`'${text}' is no TimeSpan; write it as hh:mm:ss`);
  return z.NEVER;
});

const durableTask = z.object({
  hubName: z.string().min(1).default("TestHubName"),
  maxConcurrentActivityFunctions: count.default(() => 10 * availableParallelism()),
  maxConcurrentOrchestratorFunctions: count.default(() => 10 * availableParallelism()),
});

const schema = z.object({
  version: z.literal("2.0").default("2.0"),
  /** Milliseconds; null when functions may run as long as they like. */
  functionTimeout: timeSpan.nullable().default(null),
  logging: z.object({ logLevel: z.record(z.string(), level).default({}) }).prefault({}),
  extensions: z
    .object({
      http: z.object({ routePrefix: z.string().default("api") }).prefault({}),
      durableTask: durableTask.prefault({}),
    })
    .prefault({}),
});

export type HostJson = z.infer<typeof schema>;

/**
 * Reads what this host knows of a host.json and leaves the rest alone. Without a file, everything has its default.
 * @throws Error that names the file and every bad setting in it.
 */
export function readHostJson(path: string): HostJson {
  const text = readIfThere(path);
  if (text === undefined) return schema.parse({});
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`${path} has settings that the host cannot use:\n  ${problems.join("\n  ")}`);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
