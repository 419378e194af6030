import type { Language } from "./conversation.ts";

/** What the prompt is about: the words after "about" or "关于", else its own words without the order to write. */
export function subjectOf(prompt: string, language: Language): string {
  const firstLine = prompt.split(/\n/)[0] ?? "";
  const found = language === "zh" ? chineseSubject(firstLine) : englishSubject(firstLine);
  const plain = found.replace(/[\s"'“”.!?。！？]+$/u, "").replace(/^[\s"'“”]+/u, "");
  if (plain !== "") return plain.slice(0, 80);
  return language === "zh" ? "远航" : "a long voyage";
}

function englishSubject(text: string): string {
  const about = /\b(?:about|on the subject of|titled|called)\s+([^.!?]+)/i.exec(text)?.[1];
  return about ?? text.replace(/^(?:please\s+)?(?:write|compose|tell|give|make)\s+(?:me\s+)?(?:an?\s+)?/i, "");
}

function chineseSubject(text: string): string {
  const about = /关于(.+?)(?:的(?:超|很|非常)?(?:长篇|短篇|中篇|科幻|太空|小说|故事).*)?$/.exec(text)?.[1];
  return about ?? text.replace(/^请?(?:帮我|给我)?(?:写|创作|讲)(?:一(?:部|篇|个|本))?/, "");
}
