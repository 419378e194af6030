import { seededRandom } from "../random.ts";
import type { CreateRequest, FunctionTool } from "../request.ts";
import { composeAnswer } from "./answer.ts";
import { argumentsFor } from "./arguments.ts";
import type { Conversation } from "./conversation.ts";
import { composeNovel } from "./novel/compose-novel.ts";

/** What the rules say in one turn. */
export interface Decision {
  text: string;
  calls: { name: string; arguments: Record<string, unknown> }[];
}

/**
 * The turn by rules, not by a language model: calls every offered tool that the instructions (or the user) name, or that
 * the request demands; once their outputs are there, writes from them. The same seed and words give the same turn.
 */
export function decide(request: CreateRequest, conversation: Conversation, seed: string): Decision {
  const calls = toolsToCall(request, conversation).map((tool) => ({
    name: tool.name,
    arguments: argumentsFor(tool, conversation),
  }));
  if (calls.length > 0) return { text: "", calls };
  const random = seededRandom(`${seed} ${conversation.prompt}`);
  const text = wantsStory(conversation) ? composeNovel(conversation, random) : composeAnswer(conversation);
  return { text, calls: [] };
}

function toolsToCall(
  { tools, toolChoice, parallelToolCalls }: CreateRequest,
  conversation: Conversation,
): FunctionTool[] {
  const answered = new Set(conversation.outputs.map(({ tool }) => tool));
  if (toolChoice === "none") return [];
  if (typeof toolChoice === "object")
    return answered.has(toolChoice.name) ? [] : tools.filter(({ name }) => name === toolChoice.name);
  const open = tools.filter((tool) => !answered.has(tool.name));
  const words = `${conversation.instructions}\n${conversation.lastWords}`;
  const named = open.filter(({ name }) => words.includes(name));
  const demanded = toolChoice === "required" && named.length === 0 && answered.size === 0 ? open.slice(0, 1) : named;
  return parallelToolCalls ? demanded : demanded.slice(0, 1);
}

function wantsStory({ instructions, prompt }: Conversation): boolean {
  return /novel|story|chapter|小说|故事|章节|长篇/i.test(`${prompt}\n${instructions}`);
}
