import type { InputItem } from "../model/model.ts";
import type { CallId } from "../run/ids.ts";
import { deniedText } from "./denied.ts";
import type { SaidItem } from "./run-input.ts";

/** What the caller said, as the model is told of it: in the place of each decision on a call stands the call's output. */
export function saidItems(
  items: readonly SaidItem[],
  outputOf: (callId: CallId) => Promise<string>,
): Promise<InputItem[]> {
  return Promise.all(
    items.map(async (item): Promise<InputItem> => {
      if ("role" in item || item.type !== "approval_response") return item;
      const { callId, approve, reason, output } = item;
      const told = approve ? (output ?? (await outputOf(callId))) : deniedText(reason);
      return { type: "function_call_output", callId, output: told };
    }),
  );
}
