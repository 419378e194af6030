import { type Context, Hono } from "hono";
import { z } from "zod";
import { FaultOrder } from "../faults/fault-store.ts";
import { Script } from "../scripts.ts";
import type { Stores } from "./stores.ts";

/** What tests and benchmarks steer the server with. Answers come in `{ error }` when an order cannot be read. */
export function adminRoutes(stores: Stores): Hono {
  const { journal, faults, scripts, responses, conversations, limits, webhooks } = stores;
  return new Hono()
    .get("/journal", (context) => context.json({ requests: journal.read() }))
    .get("/webhooks", (context) => context.json({ deliveries: webhooks.deliveries() }))
    .post("/faults", (context) => order(context, FaultOrder, faults.order))
    .post("/script", (context) => order(context, Script, scripts.add))
    .post("/reset", (context) => {
      for (const store of [journal, faults, scripts, responses, conversations, limits, webhooks]) store.clear();
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
