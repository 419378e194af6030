/**
 * What is not compared between a recording of the real host and a run of this one: the whole list. Everything else of
 * a scenario (answers, orchestrator turns, activity calls) must be equal.
 */

/** Replaced in every text, in this order. Ids are numbered by their first appearance, so that they must still fit together. */
export function replaceIdentities(): (text: string) => string {
  const seen = new Map<string, string>();
  const numbered = (kind: string) => (found: string) => {
    const known = seen.get(found.toLowerCase());
    if (known !== undefined) return known;
    const name = `<${kind}-${seen.size}>`;
    seen.set(found.toLowerCase(), name);
    return name;
  };
  return (text) =>
    text
      // The fraction has as many digits as the clock gives; whether there is one counts.
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+/g, "<instant>")
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?![.\d])/g, "<second>")
      .replace(/(localhost|127\.0\.0\.1):\d+/g, "<host>")
      .replace(/taskHub=(TestHubName|Scen\w+)/g, "taskHub=<hub>")
      .replace(/code=x?[\w<>-]+/g, "code=<key>")
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, numbered("guid"))
      .replace(/\b[0-9a-f]{32}\b/gi, numbered("id"))
      .replace(/\b1[78]\d{11}\b/g, "<milliseconds>");
}

/** Headers that say which server answers, not what. `Content-Length` counts ids and instants, so only that it is there counts. */
export function comparedHeader([name, value]: [string, string]): [string, string] | null {
  if (/^(date|server|connection|keep-alive)$/i.test(name)) return null;
  return /^content-length$/i.test(name) && value !== "0" ? [name, "<length>"] : [name, value];
}

/** Fields of .NET exceptions that hold the .NET host's own stack, and the words of its JSON reader and sockets. */
const dotnetOnly = new Set(["StackTrace", "StackTraceString", "RemoteStackTraceString", "RemoteStackTrace", "HResult", "Source", "ExceptionMethod"]);

/** A value as it is compared; undefined when it is not. `key` is the field that holds it. */
export function comparedValue(key: string, value: unknown): unknown {
  if (dotnetOnly.has(key)) return undefined;
  return value;
}

/** Stacks within texts: the app's own paths and line numbers, and .NET's. */
export function withoutStacks(text: string): string {
  return text.replace(/\n\s+at .*/g, "").replace(/Stack(Trace)?: [\s\S]*?(?="|$)/g, "Stack: ");
}
