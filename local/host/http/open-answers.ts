import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface OpenAnswers {
  listener: RequestListener;
  /** Resolves when every request has its answer, or at least the beginning of one: a stream may never end. */
  begun(): Promise<void>;
}

const pollMilliseconds = 10;

/** Knows the requests that `listener` has not answered yet. */
export function trackAnswers(listener: RequestListener): OpenAnswers {
  const open = new Set<ServerResponse>();
  return {
    listener(request: IncomingMessage, response: ServerResponse<IncomingMessage> & { req: IncomingMessage }) {
      open.add(response);
      response.once("close", () => open.delete(response));
      return listener(request, response);
    },
    async begun() {
      const waits = () => [...open].some((response) => !response.headersSent);
      while (waits()) await pause(pollMilliseconds);
      await pause(pollMilliseconds); // what comes right behind the headers
    },
  };
}
