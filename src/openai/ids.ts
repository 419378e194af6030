import { RunId } from "../run/ids.ts";

/** As `resp_X` is `run_X`, so is `chatcmpl-X`: one run, seen through one more window. */
export function completionIdOf(runId: RunId): string {
  return `chatcmpl-${rest(runId)}`;
}

/** The run that a response id names; null for what cannot be one. */
export function runIdOf(responseId: string): RunId | null {
  const [, id] = /^resp_([0-9a-v]{32})$/.exec(responseId) ?? [];
  return id === undefined ? null : RunId.parse(`run_${id}`);
}

/** An output item's id names its run and its place, so that a reference to it can be followed. */
export function itemIdOf(prefix: "msg" | "fc" | "mcp" | "mcpr", runId: RunId, index: number): string {
  return `${prefix}_${rest(runId)}${String(index).padStart(4, "0")}`;
}

/** An input item's id; nothing refers to it but the cursor of its list. */
export function inputItemIdOf(prefix: "msg" | "fc" | "fco" | "mcpa", runId: RunId, index: number): string {
  return `${prefix}_${rest(runId)}i${String(index).padStart(4, "0")}`;
}

/** The run of whose output an item is; null for what cannot be one. */
export function runIdOfItem(itemId: string): RunId | null {
  const [, id] = /^(?:msg|fc|mcp|mcpr)_([0-9a-v]{32})\d{4,}$/.exec(itemId) ?? [];
  return id === undefined ? null : RunId.parse(`run_${id}`);
}

/** An item that was added to a conversation by hand; no run's item has such an id. */
export function addedItemIdOf(prefix: "msg" | "fc" | "fco", hex: string): string {
  return `${prefix}_w${hex}`;
}

/** The run whose input or output an item of a conversation is; null: it was added by hand, or cannot be one. */
export function runIdOfAnyItem(itemId: string): RunId | null {
  const [, id] = /^(?:msg|fc|fco|mcpr|mcpa)_([0-9a-v]{32})i?\d{4,}$/.exec(itemId) ?? [];
  return id === undefined ? null : RunId.parse(`run_${id}`);
}

function rest(runId: RunId): string {
  return runId.slice("run_".length);
}
