/**
 * What is left out of the comparison between a recording of the real host and a run of this one: the whole list.
 * Everything else must be equal: answers (status, headers, body), every payload of every orchestrator turn, what the
 * functions got and returned. Differences on purpose stand in the table of local/host/README.md.
 *
 * A recording holds what was called between a scenario's first step and its last answer. So calls of instances that an
 * earlier scenario started are dropped, and what an instance did after the recorder had stopped is not compared
 * (`ownInstances` and `cutLike` in scenario.ts).
 */

/** Scenarios that need what this host refuses by its name. */
export const refused: ReadonlySet<string> = new Set(["callHttp", "rewind", "entity", "entityLock"]);

/**
 * Scenarios in which several activities run at once: which ends first, and which ends fall into one turn, is chance on
 * the real host, too. Compared are the events of the last turn and of the history without their order, not how turns
 * were cut.
 */
export const overlapping: ReadonlySet<string> = new Set(["fanout", "fanoutFail", "nested", "anyDone"]);

/** Answers that tell what only the real host has. */
export const incomparable: ReadonlyMap<string, string> = new Map([
  ["root", "the start page is a picture book of Azure's"],
  ["prefix only", "the same page, where the prefix is empty"],
  ["prefix with slash", "the same page, where the prefix is empty"],
  ["env", "the worker's command line and environment"],
  ["fnkey without key", "keys are not enforced (as by Core Tools)"],
  ["fnkey wrong key", "keys are not enforced (as by Core Tools)"],
  ["mstkey without key", "keys are not enforced (as by Core Tools)"],
  ["client.startNew id a%3Fb", "starts `a` again, which is refused only while the first one still runs"],
]);

/** The instance of that last race, whose turns depend on it. */
export const racingInstances: ReadonlySet<string> = new Set(["a"]);

/** The recorder gave up: nothing comes for 240 s after these, while this host answers 500, or cuts the connection. */
export function neverAnswered(recorded: { error?: string | undefined }): boolean {
  return recorded.error?.startsWith("no answer in") === true;
}

/** Headers that say which server answers. Lengths count ids and instants, so only that there is one counts. */
export function comparedHeader([name, value]: readonly [string, string]): string | null {
  if (/^(date|server|connection|keep-alive)$/i.test(name)) return null;
  return /^content-length$/i.test(name) && value !== "0" ? `${name}: <length>` : `${name}: ${value}`;
}

/** Fields with .NET's own stacks, and of a call's milliseconds. */
const dotnetStacks = ["StackTrace", "StackTraceString", "RemoteStackTraceString", "RemoteStackTrace", "stackTrace"];

/** A field as it is compared. */
export function comparedField(name: string, value: unknown): unknown {
  if (typeof value === "string" && dotnetStacks.includes(name)) return "<stack>";
  // Counts the instances of whichever scenarios ran before.
  if (name === "instancesDeleted" && Number(value) > 1) return "<many>";
  // Counts the instances that had the id before, those of earlier recordings too; none for children.
  if (name === "Generation" && typeof value === "number") return "<number>";
  // When the pieces of a streamed request arrive.
  return name === "parts" && Array.isArray(value) ? value.map((part) => (Array.isArray(part) ? part[0] : part)) : value;
}

/** Replaces in a text what differs from run to run. Ids are numbered as they appear, so they must fit together. */
export function identities(): (text: string) => string {
  const names = new Map<string, string>();
  const numbered = (kind: string) => (found: string) => {
    const name = names.get(found.toLowerCase()) ?? `<${kind} ${names.size}>`;
    names.set(found.toLowerCase(), name);
    return name;
  };
  return (text) =>
    text
      // .NET tells time in 100 ns, JavaScript in ms: whether there is a fraction counts, its digits do not.
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+/g, "<instant>")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g, "<second>")
      .replace(/\b1[78]\d{11}\b/g, "<milliseconds>")
      .replace(/(localhost|127\.0\.0\.1):\d+/g, "<host>")
      .replace(/taskHub=(TestHubName|Scen\w+)/g, "taskHub=<hub>")
      .replace(/code=x?[\w<>-]+/g, "code=<key>")
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, numbered("guid"))
      .replace(/\b[0-9a-f]{32}\b/gi, numbered("id"))
      // The real host takes longer to begin with an instance, so it is seen Pending where this one is Running.
      .replace(/\bPending\b/g, "Running")
      // Words of the JSON readers: Newtonsoft's for the host, and those of two versions of Node for the app.
      .replace(/(Error reading JToken|Unexpected end while parsing)[^"\\]*/g, "<bad JSON>")
      .replace(/(Unexpected end of JSON input|Expected property name or '}' in JSON[^"\\]*)/g, "<bad JSON>")
      // Where the app and its packages lie, and stacks.
      .replace(/\([^() ]*\/node_modules\//g, "(<modules>/")
      .replace(/\n +at .*/g, "")
      .replace(/(, StackTrace: )[\s\S]*$/g, "$1");
}
