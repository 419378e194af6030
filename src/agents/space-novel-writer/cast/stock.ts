/**
 * A language's stock of details for people; at least eight of each, so that a cast of eight shares none. `{setting}` is
 * what the story is about, `{other}` another of the cast. A detail says neither he nor she.
 */
export interface Details {
  givenNames: readonly string[];
  families: readonly string[];
  roles: readonly string[];
  origins: readonly string[];
  /** One word or two. */
  traits: readonly string[];
  skills: readonly string[];
  goals: readonly string[];
  fears: readonly string[];
  secrets: readonly string[];
  /** Ways of speaking. */
  voices: readonly string[];
  relationships: readonly string[];
}

export type Stock = Details & { fullName(given: string, family: string): string };
