/** Characters of JSON, about as many bytes: more than that does not belong into a history. */
const sizeLimit = 1024 * 1024;

/** What becomes of a value, as JSON text, on its way through a history that its author cannot have meant. */
export function valueFindings(what: string, json: string): string[] {
  return [
    ...(isTooLarge(json) ? [tooLarge(what, json.length)] : []),
    ...(json.includes('"Timestamp":"')
      ? [`${what} passes a text called Timestamp, which the SDK turns into a Date: give it another name.`]
      : []),
  ];
}

/** What to say of a value that is larger than history should hold. */
export function tooLarge(what: string, length: number): string {
  const kilobytes = Math.ceil(length / 1024);
  return `${what} passes ${kilobytes} KB, and the limit is 1024 KB: keep it in a store of your own, and pass its id.`;
}

export function isTooLarge(json: string): boolean {
  return json.length > sizeLimit;
}
