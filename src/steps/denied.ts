/** What the model is told of a call that a person denied. */
export function deniedText(reason: string | null): string {
  return reason === null ? "Not executed: a person denied it." : `Not executed: a person denied it, saying: ${reason}`;
}

/** What the model is told of a call on which nobody decided in time. */
export const expiredText = "Not executed: it needs a person's approval, and nobody decided in time. That is a denial.";

/** What the model is told of a call on which the caller did not decide when going on. */
export const undecidedText = "Not executed: it needs a person's approval, and the conversation went on without one.";
