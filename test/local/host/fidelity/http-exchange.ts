import { type IncomingMessage, request as send } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { comparedField, comparedHeader, identities } from "./comparison-rules.ts";

const exchange = z.object({
  note: z.string(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])).default({}),
    bodyBytes: z.number().optional(),
    body: z.string().optional(),
    chunked: z.boolean().optional(),
  }),
  response: z
    .object({
      status: z.number(),
      headers: z.array(z.tuple([z.string(), z.string()])),
      body: z.string(),
      bodyBytes: z.number(),
      aborted: z.boolean().optional(),
    })
    .optional(),
  error: z.string().optional(),
});

export type Exchange = z.infer<typeof exchange>;

export function exchangeOf(line: string): Exchange {
  return exchange.parse(JSON.parse(line));
}

/** The recorded answer with the comparison rules applied. */
export function shown({ response }: Exchange): unknown {
  if (response === undefined) return "no answer";
  const { status, headers, body, bodyBytes, aborted } = response;
  return comparable(status, headers, body, bodyBytes, aborted === true);
}

export interface Repeated {
  status: number;
  cut: boolean;
  comparable: unknown;
}

/** Sends the recorded request to this host. A host that refuses a large body may close before its answer was read. */
export async function repeat(url: string, request: Exchange["request"]): Promise<Repeated> {
  for (let tries = 1; ; tries++) {
    try {
      return await sendOnce(url, request);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

async function sendOnce(url: string, request: Exchange["request"]): Promise<Repeated> {
  const { hostname, port } = new URL(url);
  const body = bodyOf(request);
  const headers = {
    ...(body !== undefined && request.chunked !== true && { "content-length": body.length }),
    ...request.headers,
  };
  const sent = send({ host: hostname, port, path: request.path, method: request.method, headers, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => sent.on("response", resolve).on("error", reject));
  answered.catch(() => undefined); // told below; it may come while the body is still being written
  if (body !== undefined && request.chunked === true) await writeInThree(sent, body);
  sent.end(request.chunked === true ? undefined : body);
  const answer = await answered;
  sent.on("error", () => undefined); // a request whose body was too large is cut off after its answer
  const chunks: Buffer[] = [];
  let cut = false;
  try {
    for await (const chunk of answer) chunks.push(chunk);
  } catch {
    cut = true;
  }
  const content = Buffer.concat(chunks);
  const raw = answer.rawHeaders;
  const pairs = raw.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : [],
  );
  const status = answer.statusCode ?? 0;
  return { status, cut, comparable: comparable(status, pairs, content.toString(), content.length, cut) };
}

/** The recorder kept short bodies as text, and of others the length. */
function bodyOf({ body, bodyBytes }: Exchange["request"]): Buffer | undefined {
  if (bodyBytes === undefined) return undefined;
  const kept = Buffer.from(body ?? "");
  return kept.length === bodyBytes ? kept : Buffer.alloc(bodyBytes, "a");
}

async function writeInThree(sent: ReturnType<typeof send>, body: Buffer): Promise<void> {
  const size = Math.ceil(body.length / 3);
  for (let start = 0; start < body.length; start += size) {
    sent.write(body.subarray(start, start + size));
    await pause(150);
  }
}

const kept = 3000; // characters of a body that the recorder kept, unless it was told to keep less

function comparable(status: number, headers: [string, string][], body: string, length: number, cut: boolean): unknown {
  const same = identities();
  return {
    status,
    headers: headers
      .flatMap((header) => comparedHeader(header) ?? [])
      .map(same)
      .sort(),
    body: length > kept ? `${length} bytes` : fields(body, same),
    cut,
  };
}

function fields(body: string, same: (text: string) => string): unknown {
  if (!body.startsWith("{")) return same(body);
  const visit = (name: string, value: unknown): unknown => {
    const compared = comparedField(name, value);
    if (typeof compared === "string") return same(compared);
    if (typeof compared !== "object" || compared === null || Array.isArray(compared)) return compared;
    return Object.entries(compared).map(([key, each]) => [key, visit(key, each)]);
  };
  try {
    return visit("", JSON.parse(body));
  } catch {
    return same(body);
  }
}
