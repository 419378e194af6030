import OpenAI from "openai";
import { messageOf } from "../errors.ts";
import { excerptOf } from "../run/run-event.ts";
import type { StartAnswer } from "./model.ts";

interface ProviderFailure {
  code: string;
  message: string;
  retryAfterSeconds: number | null;
  throttled: boolean;
}

/** What a failed request says, in the words of the port; of a long answer the beginning. */
export function failureOf(error: unknown): ProviderFailure {
  const failure = wholeFailureOf(error);
  return { ...failure, message: excerptOf(failure.message) };
}

function wholeFailureOf(error: unknown): ProviderFailure {
  if (error instanceof OpenAI.APIError && error.status !== undefined) {
    return {
      code: String(error.code ?? `http_${error.status}`), // some servers give a number
      message: `The provider answered ${error.message}`,
      retryAfterSeconds: retryAfterSeconds(error.headers),
      throttled: error.status === 429 || error.status === 503,
    };
  }
  if (isToldInStream(error))
    return plain(typeof error.code === "string" ? error.code : noCode, `The provider reported ${error.message}`);
  if (hasNoKey(error)) return plain("no_credential", messageOf(error));
  if (error instanceof OpenAI.APIConnectionTimeoutError || error instanceof OpenAI.APIUserAbortError)
    return plain("timeout", "The provider did not answer in time.");
  const cause = causeOf(error);
  if (cause === undefined && !(error instanceof OpenAI.APIError))
    return plain("not_a_response", `The provider's answer cannot be read: ${messageOf(error)}`);
  return plain("connection", `The connection failed: ${cause ?? "no cause is given"}.`);
}

function plain(code: string, message: string): ProviderFailure {
  return { code, message, retryAfterSeconds: null, throttled: false };
}

/** An error that came after a 200, as an event of a stream. */
export function isToldInStream(error: unknown): error is InstanceType<typeof OpenAI.APIError> {
  return error instanceof OpenAI.APIError && error.status === undefined && error.error !== undefined;
}

/** How a POST ended that gave no answer. */
export function startFailureOf(error: unknown): StartAnswer {
  const failure = failureOf(error);
  if (isAmbiguous(error)) return { kind: "unknown", ...failure };
  return { kind: "refused", retryable: !neverBetter(error), historyRefused: refusesHistory(error), ...failure };
}

/** What came with a 200 is nothing that this API gives. */
export function notAResponse<Kind extends "unknown" | "unavailable">(kind: Kind) {
  return { kind, ...plain("not_a_response", "The provider answered with something that is not a response.") };
}

/** A failure that has no code that can be read. */
export const noCode = "unknown";

/** The failures of a response that another attempt may not share; one with any other name ends the run. */
const retryableCodes = new Set([
  "server_error",
  "rate_limit_exceeded",
  "vector_store_timeout",
  // Of requests, by the documentation; a gateway may report them of a response.
  "slow_down",
  "server_is_overloaded",
  // A failure without a reason is the provider's own, and the same request mostly does better.
  noCode,
]);

export function isRetryable(code: string): boolean {
  return retryableCodes.has(code);
}

/** Nobody saw how the request ended, so it may have had its effect: all but a 4xx other than 408, and no connection. */
export function isAmbiguous(error: unknown): boolean {
  if (hasNoKey(error)) return false;
  if (!(error instanceof OpenAI.APIError)) return true;
  if (error.status !== undefined) return error.status === 408 || error.status < 400 || error.status >= 500;
  return !neverConnected.has(causeOf(error) ?? "");
}

const neverConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The function that gives the key failed: the SDK asks it before it sends anything. */
function hasNoKey(error: unknown): boolean {
  return error instanceof OpenAI.OpenAIError && !(error instanceof OpenAI.APIError);
}

/** The request itself is wrong: the same one will never do better. */
function neverBetter(error: unknown): boolean {
  return error instanceof OpenAI.APIError && [400, 404, 413, 422].includes(error.status ?? 0);
}

/** The provider does not go on from the conversation as it was sent (responses-api.md, section 1.6). */
function refusesHistory(error: unknown): boolean {
  if (!(error instanceof OpenAI.APIError) || (error.status !== 400 && error.status !== 404)) return false;
  if (error.code === "previous_response_not_found" || error.param === "previous_response_id") return true;
  return historyRefusals.some((refusal) => refusal.test(error.message));
}

/** Providers tell them by their words only; the code beside them is null, or any. */
const historyRefusals = [
  /response with id .* not found/i,
  /previous_response_id/,
  /no tool call found for function call output/i,
  /no tool output found for function call/i,
  /item with id .* not found/i,
  /provided without its required/i,
];

export function isGone(error: unknown): boolean {
  return error instanceof OpenAI.APIError && error.status === 404;
}

/** The response is still at work (400, 409), or the provider deletes none at all (405, 501). */
export function refusesDeletion(error: unknown): boolean {
  return error instanceof OpenAI.APIError && [400, 405, 409, 422, 501].includes(error.status ?? 0);
}

/** The system's own code lies two causes deep: the SDK wraps fetch, and fetch wraps the socket. */
function causeOf(error: unknown): string | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return undefined;
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfterSeconds(headers: Headers | undefined): number | null {
  const milliseconds = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds / 1000;
  const text = headers?.get("retry-after")?.trim() || undefined;
  const seconds = Number(text ?? Number.NaN);
  if (seconds >= 0) return seconds;
  const date = Date.parse(text ?? "");
  const sent = Date.parse(headers?.get("date") ?? "");
  return Number.isNaN(date) || Number.isNaN(sent) ? null : Math.max(0, (date - sent) / 1000);
}
