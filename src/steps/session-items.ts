import { z } from "zod";
import { InputItem } from "../model/model.ts";
import type { RunId } from "../run/ids.ts";
import type { PayloadRef } from "../run/run-event.ts";
import type { Part, Session } from "../run/session.ts";
import type { RunStore } from "../store/run-store.ts";
import { itemsOfRun } from "./read-history.ts";
import { type SessionName, settingOf } from "./sessions.ts";

/** Items that are kept by themselves, each under the id that callers know it by. */
export const KeptItems = z.array(z.strictObject({ id: z.string(), item: InputItem }));
export type KeptItems = z.infer<typeof KeptItems>;

/** The setting that a batch of items added by hand is kept as: written once, and then only made smaller. */
export function batchSetting(name: SessionName, batch: number): string {
  return `${settingOf(name)}-${batch}`;
}

export async function batchOf(name: SessionName, batch: number, store: RunStore): Promise<KeptItems> {
  const stored = await store.changeSetting(batchSetting(name, batch), (found) => found);
  return stored === null ? [] : KeptItems.parse(JSON.parse(stored));
}

/** What a part of a conversation says to a model. A run that was deleted, or has expired, says nothing. */
export async function itemsOfPart(part: Part, session: Session, store: RunStore): Promise<InputItem[]> {
  if ("batch" in part) return (await batchOf(session, part.batch, store)).map(({ item }) => item);
  if (part.left) return (await keptItems(part.run, part.left, store)).map(({ item }) => item);
  const run = await store.get(part.run);
  return run ? itemsOfRun(run, store) : [];
}

/** What is left of a run's items. */
export async function keptItems(
  runId: RunId,
  left: PayloadRef,
  store: Pick<RunStore, "get" | "getPayload">,
): Promise<KeptItems> {
  if (!(await store.get(runId))) return [];
  return KeptItems.parse(JSON.parse(await store.getPayload(runId, left)));
}
