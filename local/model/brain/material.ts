/** A person that a tool's output describes; only the name is sure. */
export interface Person {
  name: string;
  [detail: string]: string;
}

/** What tool outputs hold for a text: people, and statements of fact. */
export interface Material {
  people: Person[];
  facts: string[];
}

/** Walks the outputs, JSON or plain text: objects with a name are people, sentences with a figure are facts. */
export function materialOf(outputs: readonly { text: string }[]): Material {
  const material: Material = { people: [], facts: [] };
  for (const { text } of outputs) {
    const value = parse(text);
    if (value === undefined) material.facts.push(...sentencesOf(text).filter((sentence) => /\d/.test(sentence)));
    else walk(value, material);
  }
  return { people: material.people, facts: [...new Set(material.facts)] };
}

function walk(value: unknown, material: Material): void {
  if (Array.isArray(value)) for (const member of value) walk(member, material);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const person = asPerson(value);
  if (person) material.people.push(person);
  const statement = "statement" in value ? value.statement : undefined;
  if (typeof statement === "string") material.facts.push(statement.trim());
  if (!person) for (const member of Object.values(value)) walk(member, material);
}

function asPerson(value: object): Person | null {
  if (!("name" in value) || typeof value.name !== "string" || !("role" in value)) return null;
  const details = Object.entries(value).flatMap(([key, detail]) =>
    typeof detail === "string" || typeof detail === "number" ? [[key, String(detail)]] : [],
  );
  return { ...Object.fromEntries(details), name: value.name };
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : undefined;
  } catch {
    return undefined; // plain text is material too
  }
}

export function sentencesOf(text: string): string[] {
  return (text.match(/(?:[^.!?。！？\n]|[.!?](?!\s|$))+[.!?。！？]*/gu) ?? [])
    .map((part) => part.trim())
    .filter((part) => part.length > 3);
}
