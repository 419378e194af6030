/**
 * What a text is found by: its Latin words, plurals as singulars, and every two neighbouring characters of its Chinese,
 * which needs no dictionary of words. Words that say nothing about the subject are left out.
 */
export function termsOf(text: string): Set<string> {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = (plain.match(/[a-z]{2,}|\d+/g) ?? []).filter((word) => !emptyWords.has(word)).map(singular);
  const pairs = (plain.match(/\p{Script=Han}+/gu) ?? []).flatMap((run) => run.split(emptyCharacters)).flatMap(pairsOf);
  return new Set([...words, ...pairs]);
}

const emptyWords = new Set(
  "an and are as at be by for from in into is it its of on or than that the their this to was were which with".split(
    " ",
  ),
);
const emptyCharacters = /[的了在和与是上第]/u;

function singular(word: string): string {
  if (/[^aeiou]ies$/.test(word)) return word.replace(/ies$/, "y");
  return /[^s]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word;
}

function pairsOf(run: string): string[] {
  if (run.length < 2) return run === "" ? [] : [run];
  return Array.from({ length: run.length - 1 }, (_none, index) => run.slice(index, index + 2));
}
