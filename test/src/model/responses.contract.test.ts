import { modelContract } from "../../contract/model.ts";
import { localWorld, scriptedWorld } from "./responses-world.ts";

modelContract("responses, scripted provider", scriptedWorld, { keepsResponses: true });
modelContract("responses, local model server", localWorld, { keepsResponses: true });
