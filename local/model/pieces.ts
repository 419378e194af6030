/** Deltas come at most every 40 ms; a text that is there at once still comes in some pieces. */
const shortestStepMs = 40;
const fewestPieces = 8;

/** A text in the deltas that bring it within so many milliseconds: whole words, nothing lost. */
export function piecesOf(text: string, ms: number): string[] {
  const words = text.match(/\s*[^\s\u3000-\u9fff\uff00-\uffef]+|\s*[\u3000-\u9fff\uff00-\uffef]{1,2}|\s+$/gu) ?? [];
  const count = Math.min(words.length, Math.max(fewestPieces, Math.floor(ms / shortestStepMs)));
  return Array.from({ length: count }, (_none, index) =>
    words.slice(Math.floor((index * words.length) / count), Math.floor(((index + 1) * words.length) / count)).join(""),
  );
}
