import { chatCompletionsModel } from "../../../src/model/chat-completions.ts";
import { type Fault, modelContract } from "../../contract/model.ts";
import { chunk, streams, usageChunk } from "./chat-provider.ts";
import { localWorldOf, scriptedWorldOf } from "./model-worlds.ts";
import { errorBody, type Reply } from "./scripted-provider.ts";

function modelAt(url: string) {
  return chatCompletionsModel({ baseUrl: `${url}/v1`, apiKey: "key", model: "nightshift-rules", turnSeconds: 60 });
}

function answer(_line: string, fault: Fault | undefined): Reply {
  const begun = chunk({ role: "assistant", content: "225 million " });
  if (fault?.kind === "fail") return streams(begun, errorBody(fault.code));
  return streams(begun, chunk({ content: "kilometres." }), chunk({}, "stop"), usageChunk);
}

/** What is begun ends with its request: a response that fails is a stream that ends so. */
function ordered(fault: Fault): object {
  return fault.kind === "fail" ? { kind: "stream-error", after: 0, code: fault.code } : fault;
}

const scripted = () => scriptedWorldOf(modelAt, { answer, endTurn: () => {} });
const local = () => localWorldOf(modelAt, 0, ordered);

modelContract("chat completions, scripted provider", scripted, { keepsResponses: false });
modelContract("chat completions, local model server", local, { keepsResponses: false });
