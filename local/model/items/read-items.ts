import { z } from "zod";
import { invalidRequest, invalidValue } from "../api-error.ts";
import { itemId } from "../ids.ts";
import { schemaError } from "../schema-error.ts";
import { type Item, outputText, type Part } from "./item.ts";

const Id = z.string().min(1).max(512).nullish();
const Text = z.string().max(10_485_760);
const PartIn = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("input_text"), text: Text }),
  z.looseObject({ type: z.literal("output_text"), text: Text }),
  z.looseObject({ type: z.literal("refusal"), refusal: Text }),
  z.looseObject({ type: z.literal("input_image"), image_url: z.string().nullish(), file_id: z.string().nullish() }),
  z.looseObject({ type: z.literal("input_file"), filename: z.string().nullish(), file_data: z.string().nullish() }),
]);
const Parts = z.array(PartIn);

const schemas = {
  message: z.looseObject({
    id: Id,
    role: z.enum(["user", "assistant", "system", "developer"]),
    content: z.union([Text, Parts]),
    status: z.enum(["in_progress", "completed", "incomplete"]).nullish(),
  }),
  function_call: z.looseObject({
    id: Id,
    call_id: z.string().min(1),
    name: z.string().min(1),
    arguments: z.string(),
    status: z.enum(["in_progress", "completed", "incomplete"]).nullish(),
  }),
  function_call_output: z.looseObject({ id: Id, call_id: z.string().min(1), output: z.union([Text, Parts]) }),
  reasoning: z.looseObject({
    id: Id,
    summary: z.array(z.looseObject({ type: z.literal("summary_text"), text: z.string() })),
    encrypted_content: z.string().nullish(),
  }),
  mcp_list_tools: z.looseObject({
    id: Id,
    server_label: z.string(),
    tools: z.array(z.looseObject({ name: z.string(), input_schema: z.record(z.string(), z.unknown()) })),
  }),
  mcp_approval_request: z.looseObject({ id: Id, server_label: z.string(), name: z.string(), arguments: z.string() }),
  mcp_approval_response: z.looseObject({
    id: Id,
    approval_request_id: z.string().min(1),
    approve: z.boolean(),
    reason: z.string().nullish(),
  }),
  mcp_call: z.looseObject({
    id: Id,
    server_label: z.string(),
    name: z.string(),
    arguments: z.string(),
    output: z.string().nullish(),
    approval_request_id: z.string().nullish(),
  }),
  item_reference: z.looseObject({ id: z.string().min(1) }),
};

export interface ReadingItems {
  /** Whose input they are; gives an id to those that came without. */
  ownerId: string;
  /** The stored item that a reference means; null: there is none. */
  findItem(id: string): Item | null;
}

/**
 * The items that a request brings, made whole.
 * @throws ApiError 400 that names the place, e.g. `input[2].role`; 404 for a reference to nothing
 */
export function readItems(raw: readonly unknown[], param: string, { ownerId, findItem }: ReadingItems): Item[] {
  return raw.map((item, index) => readItem(item, `${param}[${index}]`, 0x8000 + index, ownerId, findItem));
}

/** The items of an input that is one string: a user's message. */
export function userMessage(text: string, ownerId: string): Item[] {
  return [
    {
      type: "message",
      id: itemId("msg", ownerId, 0x8000),
      role: "user",
      status: "completed",
      content: [{ type: "input_text", text }],
    },
  ];
}

function readItem(
  raw: unknown,
  param: string,
  place: number,
  ownerId: string,
  findItem: ReadingItems["findItem"],
): Item {
  const own = (prefix: string) => itemId(prefix, ownerId, place);
  const type = typeOf(raw, param);
  switch (type) {
    case "message": {
      const { id, role, content, status } = fit(schemas.message, raw, param);
      return { type, id: id ?? own("msg"), role, status: status ?? "completed", content: asParts(content, role) };
    }
    case "function_call": {
      const { id, call_id, name, arguments: text, status } = fit(schemas.function_call, raw, param);
      return { type, id: id ?? own("fc"), call_id, name, arguments: text, status: status ?? "completed" };
    }
    case "function_call_output": {
      const { id, call_id, output } = fit(schemas.function_call_output, raw, param);
      return { type, id: id ?? own("fco"), call_id, output, status: "completed" };
    }
    case "reasoning": {
      const { id, summary, encrypted_content } = fit(schemas.reasoning, raw, param);
      const told = summary.map(({ text }) => ({ type: "summary_text" as const, text }));
      return { type, id: id ?? own("rs"), summary: told, ...(encrypted_content && { encrypted_content }) };
    }
    case "mcp_list_tools": {
      const { id, server_label, tools } = fit(schemas.mcp_list_tools, raw, param);
      const listed = tools.map(({ name, input_schema }) => ({
        name,
        input_schema,
        description: null,
        annotations: null,
      }));
      return { type, id: id ?? own("mcpl"), server_label, tools: listed, error: null };
    }
    case "mcp_approval_request": {
      const { id, server_label, name, arguments: text } = fit(schemas.mcp_approval_request, raw, param);
      return { type, id: id ?? own("mcpr"), server_label, name, arguments: text };
    }
    case "mcp_approval_response": {
      const { id, approval_request_id, approve, reason } = fit(schemas.mcp_approval_response, raw, param);
      const ids = { id: id ?? own("mcpa"), approval_request_id, request_id: approval_request_id };
      return { type, ...ids, approve, reason: reason ?? null };
    }
    case "mcp_call": {
      const { id, server_label, name, arguments: text, ...rest } = fit(schemas.mcp_call, raw, param);
      const call = { server_label, name, arguments: text, output: rest.output ?? null, error: null };
      const approval = rest.approval_request_id ?? null;
      return { type, id: id ?? own("mcp"), ...call, status: "completed", approval_request_id: approval };
    }
    case "item_reference": {
      const { id } = fit(schemas.item_reference, raw, param);
      const item = findItem(id);
      if (!item) throw itemNotFound(id);
      return item;
    }
  }
}

type ItemType = keyof typeof schemas;

/** A message may come without a type; `{ id }` alone is a reference. */
function typeOf(raw: unknown, param: string): ItemType {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
    throw invalidRequest(`Invalid type for '${param}': expected an object.`, param, "invalid_type");
  }
  const given = "type" in raw ? raw.type : undefined;
  if (given === undefined || given === null) return "role" in raw || !("id" in raw) ? "message" : "item_reference";
  const known = Object.keys(schemas).find((name): name is ItemType => name === given);
  if (known) return known;
  const supported = Object.keys(schemas).map((name) => `'${name}'`);
  throw invalidValue(`${param}.type`, `${JSON.stringify(given)}. This server offers ${supported.join(", ")}`);
}

function fit<T>(schema: z.ZodType<T>, raw: unknown, param: string): T {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw schemaError(parsed.error, param);
}

export function itemNotFound(id: string) {
  return invalidRequest(`Item with id '${id}' not found.`, "input", null, 404);
}

function asParts(content: string | readonly Part[], role: string): Part[] {
  if (typeof content !== "string") return content.map((part) => withDetails(part));
  return [role === "assistant" ? outputText(content) : { type: "input_text", text: content }];
}

/** What a part must have when it is shown again. */
function withDetails(part: Part): Part {
  if (part.type === "output_text") return { ...outputText(part.text ?? ""), ...part };
  if (part.type === "input_image") return { detail: "auto", ...part };
  return part;
}
