import { type Context, Hono } from "hono";
import { z } from "zod";
import { FaultOrder, type FaultStore } from "../faults.ts";
import type { Journal } from "../journal.ts";
import { Script, type ScriptStore } from "../scripts.ts";
import type { ResponseStore } from "../stored-response.ts";

export interface AdminStores {
  journal: Journal;
  faults: FaultStore;
  scripts: ScriptStore;
  responses: ResponseStore;
}

/** What tests and benchmarks steer the server with. Answers come in `{ error }` when an order cannot be read. */
export function adminRoutes({ journal, faults, scripts, responses }: AdminStores): Hono {
  return new Hono()
    .get("/journal", (context) => context.json({ requests: journal.read() }))
    .post("/faults", (context) => order(context, FaultOrder, faults.order))
    .post("/script", (context) => order(context, Script, scripts.add))
    .post("/reset", (context) => {
      for (const store of [journal, faults, scripts, responses]) store.clear();
      return context.json({ reset: true });
    });
}

async function order<T>(context: Context, schema: z.ZodType<T>, accept: (order: T) => void): Promise<Response> {
  const body: unknown = await context.req.json().catch(() => undefined);
  const parsed = schema.safeParse(body);
  if (!parsed.success) return context.json({ error: z.prettifyError(parsed.error) }, 400);
  accept(parsed.data);
  return context.json({ accepted: true });
}
