import { Hono } from "hono";
import { z } from "zod";
import { notOffered } from "../api-error.ts";
import { unixSeconds } from "../clock.ts";
import { schemaError } from "../schema-error.ts";
import { type Endpoint, newSecret } from "../webhooks/endpoint-store.ts";
import type { Env } from "./env.ts";
import { pageOf } from "./page.ts";
import type { Stores } from "./stores.ts";

const offered = ["response.completed", "response.failed", "response.cancelled", "response.incomplete"];
const Body = z.looseObject({ name: z.string().min(1), url: z.url(), event_types: z.array(z.string()).min(1) });

/** Endpoints that webhooks go to, as `client.webhooks` makes them. */
export function webhookRoutes({ endpoints, settings }: Stores): Hono<Env> {
  return new Hono<Env>()
    .post("/webhook_endpoints", (context) => {
      const { name, url, event_types } = fit(Body, context.get("body"));
      const endpoint = endpoints.create({ name, url, eventTypes: event_types, createdAt: settings.now() });
      return context.json(withSecret(endpoint));
    })
    .get("/webhook_endpoints", (context) => context.json(pageOf(endpoints.all().map(shown), context.req.query())))
    .get("/webhook_endpoints/:id", (context) => context.json(shown(endpoints.find(context.req.param("id")))))
    .post("/webhook_endpoints/:id", (context) => {
      const given = fit(Body.partial(), context.get("body") ?? {});
      const before = endpoints.find(context.req.param("id"));
      const { name = before.name, url = before.url, event_types = before.eventTypes } = given;
      endpoints.update({ ...before, name, url, eventTypes: event_types });
      return context.json(shown(endpoints.find(before.id)));
    })
    .delete("/webhook_endpoints/:id", (context) => {
      const { id } = endpoints.find(context.req.param("id"));
      endpoints.remove(id);
      return context.json({ id, object: "webhook_endpoint.deleted", deleted: true });
    })
    .post("/webhook_endpoints/:id/rotate_secret", (context) => {
      const endpoint = { ...endpoints.find(context.req.param("id")), secret: newSecret() };
      endpoints.update(endpoint);
      return context.json(withSecret(endpoint));
    });
}

function fit<T extends { event_types?: string[] | undefined }>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw schemaError(parsed.error);
  const other = parsed.data.event_types?.find((type) => !offered.includes(type));
  if (other) throw notOffered("event_types", `webhooks of type '${other}'`);
  return parsed.data;
}

function shown({ id, name, url, eventTypes, secret, createdAt }: Endpoint) {
  return {
    id,
    object: "webhook_endpoint",
    created_at: unixSeconds(createdAt),
    name,
    url,
    event_types: eventTypes,
    signing_secret_hint: secret.slice(-4),
  };
}

function withSecret(endpoint: Endpoint) {
  return { ...shown(endpoint), signing_secret: endpoint.secret };
}
