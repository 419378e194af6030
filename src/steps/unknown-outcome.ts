/** What the model is told of a call that may not be repeated and whose process died. */
export const unknownOutcome =
  "The outcome of this call is unknown: its process died, and it may not be repeated. It may have had its effect or not.";
