import { NightshiftError } from "../errors.ts";
import { reportResponse } from "../steps/report-response.ts";
import type { OpenRoute } from "./http-services.ts";
import { readText } from "./json-body.ts";

/** `POST /webhooks/openai`: the provider reports that a response has ended. Its signature lets it in, no key. */
export const openaiWebhook: OpenRoute = async ({ request, url, orchestrations }, services) => {
  const { webhooks } = services;
  if (!webhooks)
    throw new NightshiftError("not_found", `There is no ${url.pathname}: OPENAI_WEBHOOK_SECRET is not set.`);
  const sent = await webhooks.verify(await readText(request), request.headers);
  switch (sent.kind) {
    case "forged":
      throw new NightshiftError("forbidden", "The signature of this webhook does not fit, or is older than 5 minutes.");
    case "other":
      return Response.json({ reported: "ignored" });
    case "ended":
      return Response.json({
        reported: await reportResponse(sent.responseId, { ...services, webhooks, orchestrations }),
      });
  }
};
