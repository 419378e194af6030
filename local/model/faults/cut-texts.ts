import { setTimeout } from "node:timers/promises";
import type { Fault } from "./fault.ts";

/** One line of a stream: what is sent, and its number; null for a comment. */
export interface StreamText {
  text: string;
  number: number | null;
}

/** Ends a stream as a fault has it. `destroy` cuts the connection. */
export async function* cutTexts(
  texts: AsyncGenerator<StreamText>,
  fault: Fault | null,
  errorText: (code: string, number: number) => string,
  destroy: () => void,
): AsyncGenerator<string> {
  for await (const { text, number } of texts) {
    yield text;
    if (fault === null || number === null || !("after" in fault) || number < fault.after) continue;
    if (fault.kind === "stream-error") yield errorText(fault.code, number + 1);
    else if (fault.how === "drop") {
      await setTimeout(20); // what was written is to arrive before the cut
      destroy();
    }
    return;
  }
}
