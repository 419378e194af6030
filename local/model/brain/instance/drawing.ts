import type { Conversation } from "../conversation.ts";
import type { Schema } from "./schema.ts";

/** What a value is drawn from, and how deep in the schema it stands. */
export interface Drawing {
  root: Schema;
  conversation: Conversation;
  /** The numbers in the user's words that no value has used yet. */
  numbers: number[];
  depth: number;
  /** Draws the values within this one. */
  draw(schema: unknown, name: string, drawing: Drawing): unknown;
}

/** From here on only what a schema demands is made, so that recursive schemas end. */
export const deep = 5;
