import { Hono } from "hono";
import { z } from "zod";
import { ApiError, invalidRequest } from "../api-error.ts";
import { unixSeconds } from "../clock.ts";
import type { Conversation } from "../conversations/conversation-store.ts";
import { newId, newResponseId } from "../ids.ts";
import { readItems } from "../items/read-items.ts";
import { Metadata } from "../metadata.ts";
import { schemaError } from "../schema-error.ts";
import type { Ctx, Env } from "./env.ts";
import { pageOf } from "./page.ts";
import type { Stores } from "./stores.ts";

const Items = z.array(z.unknown()).max(20);
const CreateBody = z.looseObject({ metadata: Metadata.nullish(), items: Items.nullish() });
const UpdateBody = z.looseObject({ metadata: Metadata });
const ItemsBody = z.looseObject({ items: Items });

/** Conversations and their items (responses-api.md, section 1.9). */
export function conversationRoutes({ conversations, responses, settings }: Stores): Hono<Env> {
  const { now } = settings;
  const idOf = ({ req }: Ctx) => req.param("id") ?? "";
  const findItem = (id: string) => responses.findItem(id) ?? conversations.findItem(id);
  const read = (items: readonly unknown[]) => readItems(items, "items", { ownerId: newResponseId(), findItem });

  return new Hono<Env>()
    .post("/conversations", (context) => {
      const { metadata, items } = fit(CreateBody, context.get("body") ?? {});
      const given = read(items ?? []);
      const conversation = { id: newId("conv"), createdAt: now(), metadata: metadata ?? {} };
      conversations.add(conversation);
      conversations.addItems(conversation.id, given);
      return context.json(shown(conversation));
    })
    .get("/conversations/:id", (context) => context.json(shown(conversations.find(idOf(context)))))
    .post("/conversations/:id", (context) => {
      conversations.find(idOf(context));
      conversations.update(idOf(context), fit(UpdateBody, context.get("body")).metadata);
      return context.json(shown(conversations.find(idOf(context))));
    })
    .delete("/conversations/:id", (context) => {
      conversations.remove(idOf(context));
      return context.json({ id: idOf(context), object: "conversation.deleted", deleted: true });
    })
    .get("/conversations/:id/items", (context) =>
      context.json(pageOf(conversations.items(idOf(context), now()), context.req.query())),
    )
    .post("/conversations/:id/items", (context) => {
      const present = conversations.open(idOf(context), now());
      const given = read(fit(ItemsBody, context.get("body")).items);
      const twice = given.find(({ id }) => present.some((item) => item.id === id));
      if (twice) throw invalidRequest(`Item with id '${twice.id}' is in this conversation already.`, "items");
      conversations.addItems(idOf(context), given);
      return context.json(pageOf(given, { order: "asc", limit: "100" }));
    })
    .get("/conversations/:id/items/:item", (context) => {
      const wanted = context.req.param("item");
      const item = conversations.items(idOf(context), now()).find(({ id }) => id === wanted);
      if (!item) throw new ApiError(404, `Item with id '${wanted}' not found.`);
      return context.json(item);
    })
    .delete("/conversations/:id/items/:item", (context) => {
      conversations.open(idOf(context), now());
      conversations.removeItem(idOf(context), context.req.param("item"));
      return context.json(shown(conversations.find(idOf(context))));
    });
}

function fit<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw schemaError(parsed.error);
}

function shown({ id, createdAt, metadata }: Conversation) {
  return { id, object: "conversation", created_at: unixSeconds(createdAt), metadata };
}
