import type { Settings } from "../settings.ts";
import { isOver, statusAt } from "./lifecycle.ts";
import type { ResponseStore } from "./response-store.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Null: never there, deleted, expired, or an answer in the foreground that has not been given yet. */
export function findStored(id: string, responses: ResponseStore, settings: Settings): StoredResponse | null {
  const response = responses.find(id);
  if (!response) return null;
  const now = settings.now();
  const goneAt = response.expiresAt ?? response.createdAt + settings.retentionSeconds * 1000;
  const given = response.background || isOver(statusAt(response, now));
  return now < goneAt && given ? response : null;
}
