import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { Fault } from "../faults/fault.ts";

/** What one request carries from middleware to route. */
export interface Variables {
  body: unknown;
  fault: Fault | null;
  /** For the journal. */
  responseId: string | null;
  metadata: Record<string, string> | null;
}

export interface Env {
  Bindings: HttpBindings;
  Variables: Variables;
}

export type Ctx = Context<Env>;
