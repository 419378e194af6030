import { invalidRequest } from "../api-error.ts";
import type { Turn } from "../brain/turn.ts";
import type { ResponseFault } from "../faults/fault.ts";
import { tokensOf } from "../items/count-tokens.ts";
import { type Item, type OutputItem, outputText, textOf } from "../items/item.ts";
import type { ScriptStore } from "../scripts.ts";
import type { Settings } from "../settings.ts";
import { takeTurn, workSeconds } from "../take-turn.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { chainOf, checkContinuation } from "./chain.ts";
import type { CreateRequest } from "./create-request.ts";
import { findStored } from "./find-stored.ts";
import { planPhases } from "./plan-phases.ts";
import type { ResponseStore } from "./response-store.ts";
import { sealWith } from "./seal.ts";
import type { StoredResponse, Usage } from "./stored-response.ts";
import { type Written, writeOutput } from "./write-output.ts";

export interface Accepting {
  responses: ResponseStore;
  scripts: ScriptStore;
  tokenizer: Tokenizer;
  settings: Settings;
}

export interface Asked {
  id: string;
  request: CreateRequest;
  /** What stands in the conversation that the request names. */
  conversationItems: readonly Item[];
  fault: ResponseFault | null;
}

/**
 * The response that a request will have: what it says is decided here, and time brings it out.
 * @throws ApiError 400 when the request does not fit its conversation
 */
export function acceptResponse(
  { id, request, conversationItems, fault }: Asked,
  now: number,
  accepting: Accepting,
): StoredResponse {
  const { tokenizer, settings } = accepting;
  const chain = chainOf(request.previousResponseId, now, (before) => findStored(before, accepting.responses, settings));
  const history = [...conversationItems, ...chain.flatMap(({ input, output }) => [...input, ...output])];
  checkContinuation(request.input, history);
  const seal = sealWith(settings.seed);
  for (const item of request.input) checkSeal(item, seal.open);
  const turn: Turn = { ...request, items: [...history, ...request.input] };
  const { decision, scripted } = takeTurn(turn, request.model, chain.length, accepting);
  const shown = request.reasoning.effort !== null && request.reasoning.effort !== "none";
  const written = writeOutput(
    {
      responseId: id,
      decision: fault?.kind === "empty" ? { ...decision, text: "", refusal: null, calls: [], mcp: [] } : decision,
      reasoning: {
        shown: fault?.kind !== "empty" && (shown || request.reasoning.summary !== null),
        summary: request.reasoning.summary !== null,
        seal: request.encryptedReasoning ? seal.seal : null,
      },
      maxOutputTokens: request.maxOutputTokens,
    },
    tokenizer,
  );
  const inputTokens = tokenizer.count(request.instructions ?? "") + tokensOf(request.input, tokenizer);
  const usage = scripted?.usage
    ? { ...scripted.usage, cached: 0, reasoning: 0 }
    : usageOf(request, chain, conversationItems, inputTokens, written, tokenizer);
  const queueMs = request.background ? Math.max(1, Math.round(settings.queueSeconds * 1000)) : 0;
  const workMs = Math.round(workSeconds(settings, written.tokens.output, scripted, queueMs / 1000) * 1000);
  const course = planPhases(
    { queueMs, workMs, incompleteReason: written.cutShort ? "max_output_tokens" : null },
    fault,
  );
  return {
    id,
    previous: request.previousResponseId,
    createdAt: now,
    background: request.background,
    cancelledAt: null,
    ignoresCancel: fault?.kind === "cancel-ignored",
    expiresAt: fault?.kind === "expire" ? now + fault.seconds * 1000 : null,
    conversation: request.conversationId,
    stream: request.stream,
    obfuscation: request.obfuscation,
    metadata: request.metadata,
    echo: request.echo,
    input: request.input,
    output: fault?.kind === "incomplete" ? halved(written.output) : written.output,
    ...course,
    firstTokenMs: Math.round(settings.firstTokenSeconds * 1000),
    usage,
    ownTokens: inputTokens + written.tokens.output,
    depth: chain.length,
  };
}

function checkSeal(item: Item, open: (sealed: string) => string | null): void {
  if (item.type !== "reasoning" || item.encrypted_content === undefined || open(item.encrypted_content) !== null)
    return;
  const message = `The encrypted content for item ${item.id} could not be verified.`;
  throw invalidRequest(message, "input", "invalid_encrypted_content");
}

/** Tokens that a cache would have: whole blocks of 128 of what stood before, from 1,024 on. */
function usageOf(
  request: CreateRequest,
  chain: readonly StoredResponse[],
  conversationItems: readonly Item[],
  own: number,
  { tokens }: Written,
  tokenizer: Tokenizer,
): Usage {
  const before = chain.reduce((sum, response) => sum + response.ownTokens, 0) + tokensOf(conversationItems, tokenizer);
  const tools =
    request.tools.length + request.mcpServers.length > 0 ? tokenizer.count(JSON.stringify(request.echo.tools)) : 0;
  const cached = before >= 1024 ? Math.floor(before / 128) * 128 : 0;
  return { input: before + own + tools, cached, ...tokens };
}

function halved(output: readonly OutputItem[]): OutputItem[] {
  return output.flatMap((item): OutputItem[] => {
    if (item.type === "function_call") return [];
    if (item.type !== "message") return [item];
    const text = textOf(item.content);
    return [{ ...item, status: "incomplete", content: [outputText(text.slice(0, text.length / 2))] }];
  });
}
