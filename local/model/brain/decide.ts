import { seededRandom } from "../random.ts";
import { answerText } from "./answers/answer-text.ts";
import { chooseTools } from "./choose-tools.ts";
import { type Conversation, readConversation } from "./conversation.ts";
import { instanceOf } from "./instance/instance.ts";
import { mcpSteps } from "./mcp.ts";
import type { Decision, FunctionTool, Turn } from "./turn.ts";

/**
 * The turn by rules, not by a language model: calls the tools that are due; once their outputs are there, answers from
 * them. The same seed and words give the same turn.
 * @throws ApiError 400 when a schema is none, or no value for it can be found
 */
export function decide(turn: Turn, seed: string): Decision {
  const conversation = readConversation(turn);
  const due = chooseTools(turn.tools, turn, conversation);
  const calls = (turn.parallelToolCalls ? due : due.slice(0, 1)).map((tool) => ({
    name: tool.name,
    arguments: argumentsFor(tool, conversation),
  }));
  if (calls.length > 0) return decision({ calls, reasons: `Due: ${calls.map(({ name }) => name).join(", ")}.` });
  const { steps, heard } = mcpSteps(turn, conversation);
  if (steps.some(({ kind }) => kind === "ask")) return decision({ mcp: steps, reasons: "A tool needs approval." });
  const known = { ...conversation, outputs: [...conversation.outputs, ...heard] };
  const random = seededRandom(`${seed} ${conversation.prompt} ${conversation.lastWords}`);
  const { text, reasons } = answerText(turn.format, known, random);
  return decision({ text, mcp: steps, reasons });
}

function decision(parts: Partial<Decision> & { reasons: string }): Decision {
  return { text: "", refusal: null, calls: [], mcp: [], ...parts };
}

function argumentsFor(tool: FunctionTool, conversation: Conversation): Record<string, unknown> {
  const schema = tool.parameters ?? { type: "object", properties: {} };
  const value = instanceOf(schema, conversation, "tools");
  return typeof value === "object" && value !== null ? { ...value } : {};
}
