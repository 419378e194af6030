import { z } from "zod";
import { invalidValue } from "../api-error.ts";
import { concerns, type FaultableRequest } from "./concerns.ts";
import { Fault } from "./fault.ts";

/** The name under which a request's own metadata may bring a fault, as JSON. */
const name = "sim_fault";

/**
 * The fault that a request asks for itself; every request that carries it meets it, retries too.
 * @throws ApiError 400 when it is no fault
 */
export function faultInMetadata(request: FaultableRequest): Fault | null {
  const text = request.metadata?.[name];
  if (text === undefined) return null;
  const parsed = Fault.safeParse(fromJson(text));
  if (!parsed.success) throw invalidValue(`metadata.${name}`, z.prettifyError(parsed.error));
  return concerns(parsed.data, request) ? parsed.data : null;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // no JSON is no fault either: the schema says so
  }
}
