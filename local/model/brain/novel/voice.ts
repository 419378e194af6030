import type { Person } from "../material.ts";

/** One chapter's stock: one title, one opening and one closing are picked, every beat is told. */
export interface ChapterStock {
  titles: readonly [string, ...string[]];
  openings: readonly [string, ...string[]];
  beats: readonly string[];
  closings: readonly [string, ...string[]];
}

/**
 * A language's stock of prose. `{A}`, `{B}`, `{C}`, `{D}` are people, in another order in each chapter; `{subject}` is
 * what the prompt is about; `{fact}` is a statement of a tool.
 */
export interface Voice {
  chapters: readonly ChapterStock[];
  /** Ways to work a fact in; each is used once before any is used again. */
  facts: readonly string[];
  dialogues: readonly string[];
  /** Who the story has when no tool made anybody. */
  cast: readonly Person[];
  title(subject: string): string;
  heading(number: number, title: string): string;
  introduce(person: Person): string;
  /** Both say that the text was made by rules: at its head, and at its end. */
  note: string;
  ending: string;
}
