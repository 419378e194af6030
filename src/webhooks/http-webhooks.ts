import type { LookupAddress } from "node:dns";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import type { LookupFunction } from "node:net";
import { Webhook } from "standardwebhooks";
import { messageOf } from "../errors.ts";
import { isPublicAddress } from "./public-address.ts";
import type { WebhookAnswer, WebhookMessage, WebhookSender } from "./webhook-sender.ts";
import { hostOf, webhookUrlFault } from "./webhook-url.ts";

export interface HttpWebhooksSettings {
  privateAllowed: boolean;
  /** Of one attempt, from the name's resolution to the answer's end. */
  timeoutSeconds: number;
  /** Every address of a name. An address is its own. */
  resolve(host: string): Promise<LookupAddress[]>;
  now(): number;
}

/** So much of an answer is read, and thrown away. */
const answerBytes = 64 * 1024;
const headerBytes = 16 * 1024;

/**
 * Standard Webhooks over HTTPS. The name is resolved once, every address is checked, and the connection goes to one of
 * those very addresses: a name that changes its mind in between is not asked again. A redirect is an answer like others, not followed.
 */
export function httpWebhooks(settings: HttpWebhooksSettings): WebhookSender {
  return {
    async send(message) {
      const signal = AbortSignal.timeout(settings.timeoutSeconds * 1000);
      try {
        const refused = webhookUrlFault(message.url, settings);
        if (refused !== null) return failed(refused);
        const url = new URL(message.url);
        const addresses = await settleWithin(signal, settings.resolve(hostOf(url)));
        if (addresses.length === 0) return failed("The name has no address.");
        if (!settings.privateAllowed && !addresses.every(({ address }) => isPublicAddress(address))) {
          return failed("The name leads to an address that is not public."); // which one is nobody's business
        }
        return await post(url, addresses, message, signal, settings);
      } catch (error) {
        if (signal.aborted) return failed(`There was no answer within ${settings.timeoutSeconds} s.`);
        return failed(causeOf(error));
      }
    },
  };
}

async function post(
  url: URL,
  addresses: readonly LookupAddress[],
  { id, body, secrets }: WebhookMessage,
  signal: AbortSignal,
  { now }: HttpWebhooksSettings,
): Promise<WebhookAnswer> {
  const at = new Date(now());
  const request = url.protocol === "https:" ? requestSecure : requestPlain;
  const sent = request(url, {
    method: "POST",
    agent: false,
    lookup: only(addresses),
    maxHeaderSize: headerBytes,
    signal,
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "user-agent": "Nightshift",
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" "),
    },
  });
  try {
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once("response", resolve).on("error", reject);
    });
    sent.end(body);
    const response = await answered;
    await drain(response);
    return answerOf(response, now());
  } finally {
    sent.destroy();
  }
}

/** Gives a socket the addresses that were checked, whatever the name leads to by now. */
function only(addresses: readonly LookupAddress[]): LookupFunction {
  const [first] = addresses;
  return (_host, { all }, callback) => {
    if (all) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family);
  };
}

/** A receiver that is cut off while it answers might take that for a failure: its answer is read, up to a bound. */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of response) {
      bytes += Buffer.byteLength(chunk);
      if (bytes > answerBytes) return;
    }
  } catch {
    // What counts is the status, and that was read.
  }
}

function answerOf({ statusCode: status = 0, headers }: IncomingMessage, now: number): WebhookAnswer {
  if (status >= 200 && status < 300) return { kind: "taken", status };
  const redirect = status >= 300 && status < 400 ? ", a redirect, which is not followed" : "";
  const reason = `The receiver answered ${status}${redirect}.`;
  const retryAfterSeconds = secondsOf(headers["retry-after"], now);
  return { kind: "failed", status, reason, retryAfterSeconds, gone: status === 410 };
}

/** Of `Retry-After`: seconds, or the date of HTTP. */
function secondsOf(retryAfter: string | undefined, now: number): number | null {
  if (retryAfter === undefined) return null;
  const seconds = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now) / 1000;
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

function failed(reason: string): WebhookAnswer {
  return { kind: "failed", status: null, reason, retryAfterSeconds: null, gone: false };
}

/** The resolver cannot be told to stop: its answer is not waited for. */
function settleWithin<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
  return Promise.race([work, late]);
}

/** The code is enough for a reader; messages of sockets hold addresses. */
function causeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : null;
  return code === null ? messageOf(error) : `The receiver could not be reached (${code}).`;
}
