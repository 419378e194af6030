import { valueFindings } from "./values.ts";

/** What is wrong with the input of a start. The SDK sends an empty text where there is none. */
export function startFindings(orchestration: string, input: string): string[] {
  const what = `startNew('${orchestration}')`;
  if (input === '""') {
    return [`${what} passes no input, which arrives as an empty text: pass an object, { input: {} }.`];
  }
  return valueFindings(what, input);
}

/** What is wrong with the data of an event. */
export function eventFindings(event: string, data: string): string[] {
  const what = `raiseEvent('${event}')`;
  if (data === "") return [`${what} passes no data, which the instance API refuses: pass an object, {}.`];
  return valueFindings(what, data);
}
