import type { Conversation } from "./conversation.ts";
import type { Turn } from "./turn.ts";

/** A tool of either sort, as far as choosing goes. */
export interface Choosable {
  name: string;
  description: string | null;
}

/**
 * The tools that are due: those that the instructions or the user name, and those that are about what the user asks.
 * One that has answered since the user spoke is not asked again. A demand is met with the first when none is due.
 */
export function chooseTools<T extends Choosable>(
  tools: readonly T[],
  { toolChoice }: Turn,
  conversation: Conversation,
): T[] {
  if (toolChoice.mode === "none") return [];
  const answered = new Set(conversation.outputs.map(({ tool }) => tool));
  const open = tools.filter(
    ({ name }) => !answered.has(name) && (toolChoice.names === null || toolChoice.names.has(name)),
  );
  const due = open.filter((tool) => isNamed(tool, conversation) || isOnTopic(tool, conversation));
  const demanded = toolChoice.mode === "required" && due.length === 0 && answered.size === 0;
  return demanded ? open.slice(0, toolChoice.names === null ? 1 : open.length) : due;
}

function isNamed({ name }: Choosable, { instructions, lastWords }: Conversation): boolean {
  return `${instructions}\n${lastWords}`.includes(name);
}

/** A word of the tool's name, other than a mere verb, stands in what the user asks. */
function isOnTopic({ name }: Choosable, { lastWords }: Conversation): boolean {
  const asked = new Set(stems(lastWords));
  return stems(name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").replaceAll(/[_-]/g, " ")).some((word) => asked.has(word));
}

const plain = new Set(
  "call create current data delete fetch find function generate get give info list look lookup make read request research run search send show tool update with write".split(
    " ",
  ),
);

function stems(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z]{3,}|[\u4e00-\u9fff]{2,}/g) ?? [];
  return words.filter((word) => !plain.has(word)).map((word) => word.replace(/(?:ies|es|s|ing|ed)$/, ""));
}
