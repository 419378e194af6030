import { decide } from "./brain/decide.ts";
import type { Decision, Turn } from "./brain/turn.ts";
import { type Item, textOf } from "./items/item.ts";
import type { ScriptedTurn, ScriptStore } from "./scripts.ts";
import type { Settings } from "./settings.ts";

/** What is said in a turn: a script's words if one matches, else what the rules decide. */
export function takeTurn(
  turn: Turn,
  model: string,
  before: number,
  { scripts, settings }: { scripts: ScriptStore; settings: Settings },
): { decision: Decision; scripted: ScriptedTurn | null } {
  const scripted = scripts.turnFor(wordsOf(turn, model), Math.max(before, turnsIn(turn.items)));
  return { decision: scripted ? scriptedDecision(scripted) : decide(turn, settings.seed), scripted };
}

/** Seconds of work, so that queue and work together are a turn; a script or the speed of the words may say otherwise. */
export function workSeconds(
  { turnSeconds, firstTokenSeconds, tokensPerSecond }: Settings,
  outputTokens: number,
  scripted: ScriptedTurn | null,
  queueSeconds: number,
): number {
  if (scripted?.seconds === undefined && tokensPerSecond !== null)
    return firstTokenSeconds + outputTokens / tokensPerSecond;
  return Math.max(0, (scripted?.seconds ?? turnSeconds) - queueSeconds);
}

/** In which a script's `match` is looked for: the model, the instructions and the first words. */
function wordsOf({ instructions, items }: Turn, model: string): string {
  const first = items.find((item) => item.type === "message" && item.role === "user");
  const prompt = first?.type === "message" ? textOf(first.content) : "";
  return `${model}\n${instructions ?? ""}\n${prompt}`;
}

/** How often the model has spoken: what it says in one go is one turn. */
function turnsIn(items: readonly Item[]): number {
  const speaks = items.map((item) => ownTypes.has(item.type) || (item.type === "message" && item.role === "assistant"));
  return speaks.filter((speaking, index) => speaking && !speaks[index - 1]).length;
}

const ownTypes = new Set(["function_call", "reasoning", "mcp_list_tools", "mcp_approval_request", "mcp_call"]);

function scriptedDecision({ text, refusal, calls = [] }: ScriptedTurn): Decision {
  const reasons = "The words are a script's.";
  return { text: calls.length > 0 ? "" : (text ?? ""), refusal: refusal ?? null, calls, mcp: [], reasons };
}
