import { instanceId } from "../run/ids.ts";
import { hasEnded, type Run } from "../run/run.ts";
import { goOnFrom } from "../steps/go-on-from.ts";
import { startRun } from "../steps/start-run.ts";
import { agentOf } from "./agents.ts";
import type { Call, HttpServices, Route } from "./http-services.ts";
import { readJson } from "./json-body.ts";
import { parseRequest } from "./parse-request.ts";
import { invalidRequest } from "./problem.ts";
import { shownInput, summaryOf, viewOf } from "./run-view.ts";
import { linkSigner } from "./signed-links.ts";
import { startBody } from "./start-body.ts";

/** `POST /agents/{agent}/runs` (api.md, "Start"): 202 while the run goes on; 200 for a repeat of one that has ended. */
export const start: Route = async (call, services) => {
  const agent = agentOf(call, services);
  const idempotencyKey = idempotencyKeyOf(call.request);
  const body = await readJson(call.request);
  const rules = { privateAllowed: services.webhooksPrivate };
  const parsed = parseRequest(startBody(agent, rules), body);
  const { input: messages, metadata, limits, sessionId, previousRunId, webhook } = parsed;
  const input = previousRunId ? await goOnFrom(previousRunId, messages, call.caller, services.store) : messages;
  const session = sessionId && { session: { id: sessionId, admit: null } };
  const sign = await linkSigner(services); // once the run is stored, nothing that fails may keep it from its caller
  const run = await startRun(
    { agent, caller: call.caller, input, metadata, limits, webhook, body, idempotencyKey, ...session },
    { ...services, orchestrations: call.orchestrations },
  );
  const links = linksOf(run, sign, call, services);
  const headers = { location: links.statusQueryGetUri };
  if (hasEnded(run)) return Response.json({ ...(await viewOf(run, services.store)), ...links }, { headers });
  const said = shownInput("items" in input ? input.items : input);
  const answer = { ...summaryOf(run), input: said, output: null, ...links };
  return Response.json(answer, { status: 202, headers: { ...headers, "retry-after": "1" } });
};

function linksOf(run: Run, sign: Sign, { url, orchestrations }: Call, services: HttpServices) {
  const base = baseOf(url, services);
  const links = {
    statusQueryGetUri: `${base}${sign(`/runs/${run.id}/status`)}`,
    eventsUri: `${base}${sign(`/runs/${run.id}/events`)}`,
  };
  if (!services.nativeManagementUrls) return links;
  return { ...links, nativeManagementUrls: orchestrations.managementUrls(instanceId(run.id, run.generation)) };
}

type Sign = Awaited<ReturnType<typeof linkSigner>>;

/** What absolute links begin with, without a slash at its end. */
export function baseOf(url: URL, { publicUrl }: Pick<HttpServices, "publicUrl">): string {
  return (publicUrl ?? url.origin).replace(/\/+$/, "");
}

/**
 * The key that makes a start repeatable.
 * @throws NightshiftError `invalid_request`
 */
export function idempotencyKeyOf(request: Request): string | null {
  const key = request.headers.get("idempotency-key");
  if (key === null || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw invalidRequest([{ path: "header.idempotency-key", message: "expected 1 to 255 visible ASCII characters" }]);
}
