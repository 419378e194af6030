import type { Item, OutputItem } from "../items/item.ts";

/** What a response says of itself for some time; `ms` null: for ever. */
export interface Phase {
  /** One of the API's statuses, or whatever was ordered. */
  status: string;
  ms: number | null;
}

export interface Usage {
  input: number;
  cached: number;
  /** Reasoning included. */
  output: number;
  reasoning: number;
}

/** A response as it was accepted. What it says, and when, is fixed from then on: its status is a matter of the time. */
export interface StoredResponse {
  id: string;
  previous: string | null;
  createdAt: number;
  background: boolean;
  cancelledAt: number | null;
  /** It shows itself cancelled, and then ends as if nobody had cancelled it. */
  ignoresCancel: boolean;
  /** From then on it is not found; null: only the server's retention counts. */
  expiresAt: number | null;
  conversation: string | null;
  stream: boolean;
  obfuscation: boolean;
  metadata: Record<string, string>;
  /** The request's fields that every answer shows. */
  echo: Record<string, unknown>;
  input: Item[];
  output: OutputItem[];
  /** At least one; the last is for ever. */
  phases: Phase[];
  /** From the start of the work to the first words. */
  firstTokenMs: number;
  error: { code: string; message: string } | null;
  incompleteReason: string | null;
  usage: Usage;
  /** Tokens of its own input and output, for those that follow it. */
  ownTokens: number;
}
