import type { Fact } from "./facts.ts";
import { termsOf } from "./terms.ts";

/** What an archive has on some topics. `found` and `background` together are as many as were asked for, if there are. */
export interface Findings {
  found: Fact[];
  /** Facts on none of the topics, to fill up with: a few of every kind. */
  background: Fact[];
  /** The topics on which there is nothing. */
  nothingOn: string[];
}

/** Facts that can be searched by topic, in either language. */
export function openArchive(facts: readonly Fact[]): (topics: readonly string[], limit: number) => Findings {
  const entries = facts.map((fact) => ({ fact, weights: weightsOf(fact) }));
  const spread = new Map<string, number>();
  for (const term of entries.flatMap(({ weights }) => [...weights.keys()])) {
    spread.set(term, (spread.get(term) ?? 0) + 1);
  }
  /** A rare term tells more than one that stands in many facts. */
  const rarity = (term: string) => Math.log(1 + facts.length / (spread.get(term) ?? facts.length));

  function rank(topic: string): Fact[] {
    const terms = [...termsOf(topic)];
    const scored = entries
      .map(({ fact, weights }) => ({
        fact,
        score: terms.reduce((sum, term) => sum + (weights.get(term) ?? 0) * rarity(term), 0),
      }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score);
    const best = scored[0]?.score ?? 0;
    return scored.filter(({ score }) => score >= best * relevant).map(({ fact }) => fact);
  }

  return (topics, limit) => {
    const rankings = topics.map((topic) => ({ topic, ranked: rank(topic) }));
    const found = inTurns(rankings.map(({ ranked }) => ranked)).slice(0, limit);
    const others = facts.filter((fact) => !found.includes(fact));
    const background = spreadOver(others, limit - found.length);
    const nothingOn = rankings.filter(({ ranked }) => ranked.length === 0).map(({ topic }) => topic);
    return { found, background, nothingOn };
  };
}

/** The part of the best score below which a fact only happens to share a word with the topic. */
const relevant = 0.3;

/** How much each term says about the fact: most as its subject, least as a word of its statement. */
function weightsOf({ subject, keywords, statement }: Fact): Map<string, number> {
  const weights = new Map<string, number>();
  const fields: [number, string[]][] = [
    [1, Object.values(statement)],
    [3, keywords],
    [4, Object.values(subject)],
  ];
  for (const [weight, texts] of fields) {
    for (const term of texts.flatMap((text) => [...termsOf(text)])) weights.set(term, weight);
  }
  return weights;
}

/** The first of each list, then the second of each, and so on; each fact once. */
function inTurns(lists: readonly (readonly Fact[])[]): Fact[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const turns = Array.from({ length: longest }, (_none, turn) => lists.flatMap((list) => list.slice(turn, turn + 1)));
  return [...new Set(turns.flat())];
}

/** So many of the facts, evenly over the whole list. */
function spreadOver(facts: readonly Fact[], count: number): Fact[] {
  const step = Math.max(1, Math.floor(facts.length / Math.max(1, count)));
  return facts.filter((_fact, index) => index % step === 0).slice(0, count);
}
