import type { Random } from "../../random.ts";
import type { Conversation } from "../conversation.ts";

export interface Said {
  text: string;
  /** The text itself says that rules made it. */
  signed?: true;
}

/** One kind of answer. */
export interface Kind {
  name: string;
  /** Null: this kind does not apply. */
  compose(conversation: Conversation, random: Random): Said | null;
}
