import { chinese } from "./chinese.ts";
import { english } from "./english.ts";
import { hashOf } from "./hash.ts";
import type { Details, Stock } from "./stock.ts";
import type { Wish } from "./wish.ts";

/** A cast in which no two share a name or a detail. The same wish gives the same people; roles asked for come first. */
export function drawCast({ setting, language, count, roles }: Wish): Profile[] {
  const stock: Stock = language === "zh" ? chinese : english;
  const seed = JSON.stringify([setting, language, count, roles]);
  const draw = (detail: keyof Details) => deal(shuffled(`${seed} ${detail}`, stock[detail]));
  const [given, family, origin] = [draw("givenNames"), draw("families"), draw("origins")];
  const [trait, skill, goal, fear] = [draw("traits"), draw("skills"), draw("goals"), draw("fears")];
  const [secret, voice, relationship] = [draw("secrets"), draw("voices"), draw("relationships")];
  const otherRoles = stock.roles.filter((role) => !roles.includes(role));
  const role = deal([...roles, ...shuffled(`${seed} roles`, otherRoles)]);

  const size = Math.max(count, roles.length);
  const nameOf = (index: number) => stock.fullName(given(index), family(index));
  return Array.from({ length: size }, (_none, index) => ({
    name: nameOf(index),
    role: role(index),
    age: 24 + (hashOf(`${seed} age ${index}`) % 41),
    origin: origin(index),
    trait: trait(index),
    skill: skill(index),
    goal: goal(index).replaceAll("{setting}", () => setting),
    fear: fear(index),
    secret: secret(index),
    voice: voice(index),
    relationship: relationship(index).replaceAll("{other}", nameOf((index + 1) % size)),
  }));
}

/** One of a cast. */
export interface Profile {
  name: string;
  role: string;
  age: number;
  origin: string;
  trait: string;
  skill: string;
  goal: string;
  fear: string;
  secret: string;
  voice: string;
  /** With another of the cast, by name. */
  relationship: string;
}

/** What each person in turn is dealt. */
function deal(items: readonly string[]): (index: number) => string {
  return (index) => items[index % items.length] ?? "";
}

function shuffled(seed: string, items: readonly string[]): string[] {
  return items
    .map((item) => ({ item, at: hashOf(`${seed} ${item}`) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
