const partBytes = 1_000_000;

/**
 * `text` in pieces that take at most 1 MB each as JSON; one piece, perhaps empty, at least. Halved where too long, never
 * inside a surrogate pair. The cuts are part of the stored format: the same text always has the same pieces.
 */
export function partsOf(text: string): string[] {
  if (fits(text)) return [text];
  const middle = Math.floor(text.length / 2);
  const cut = isLowSurrogate(text.charCodeAt(middle)) ? middle + 1 : middle;
  return [...partsOf(text.slice(0, cut)), ...partsOf(text.slice(cut))];
}

function fits(text: string): boolean {
  const least = text.length; // a text takes at least a byte per UTF-16 unit: most long ones need no measuring
  return least <= partBytes && Buffer.byteLength(JSON.stringify(text)) <= partBytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
