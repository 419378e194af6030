import type { Random } from "../../random.ts";
import type { Conversation } from "../conversation.ts";
import { instanceOf } from "../instance/instance.ts";
import type { Format } from "../turn.ts";
import { arithmetic } from "./arithmetic.ts";
import { counting } from "./counting.ts";
import { greeting } from "./greeting.ts";
import { jsonAnswer } from "./json-answer.ts";
import type { Kind } from "./kind.ts";
import { plainAnswer } from "./plain-answer.ts";
import { recall } from "./recall.ts";
import { repeating } from "./repeating.ts";
import { story } from "./story.ts";
import { summary } from "./summary.ts";

/** Tried in this order; the last one always applies. */
const kinds: readonly Kind[] = [repeating, counting, arithmetic, recall, summary, story, greeting, plainAnswer];

/** What is said when no tool is due, in the form that is asked for, and by which rule. */
export function answerText(
  format: Format,
  conversation: Conversation,
  random: Random,
): { text: string; reasons: string } {
  if (format.type === "json_schema") {
    const value = instanceOf(format.schema, conversation, "text.format");
    return { text: JSON.stringify(value), reasons: "An instance of the schema is asked for." };
  }
  for (const kind of kinds) {
    const said = kind.compose(conversation, random);
    if (said === null) continue;
    const reasons = `The rule '${kind.name}' applies to what the user asks.`;
    const asJson = format.type === "json_object" || /\b(?:in|as|with) (?:valid )?json\b/i.test(conversation.lastWords);
    if (asJson) return { text: jsonAnswer(said), reasons };
    return { text: said.signed ? said.text : `${said.text}\n\n${noteIn(conversation)}`, reasons };
  }
  throw new Error("the plain answer applies to everything");
}

/** Free text always says what made it. */
function noteIn({ language, unseen }: Conversation): string {
  const attached =
    unseen === 0
      ? ""
      : language === "zh"
        ? `附上的${unseen}个图片或文件，规则看不见。`
        : `The rules cannot look into the ${unseen} attached image(s) or file(s). `;
  return language === "zh"
    ? `（${attached}以上由规则拼成，不是语言模型写的。）`
    : `(${attached}Put together by rules, not by a language model.)`;
}
