const mostCharacters = 100_000;

/**
 * A call's output as the model is given it: of one over 100,000 characters the beginning and the end, with a notice in
 * between. The store keeps the whole.
 */
export function shortened(output: string): string {
  if (output.length <= mostCharacters) return output;
  const half = mostCharacters / 2;
  const left = output.length - mostCharacters;
  const notice = `[Shortened: ${left} of ${output.length} characters are left out here. Ask for a smaller part.]`;
  return `${output.slice(0, half).toWellFormed()}\n\n${notice}\n\n${output.slice(-half).toWellFormed()}`;
}
