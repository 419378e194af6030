/** A refusal as OpenAI's clients read it (responses-api.md, section 1.11). Codes and types are OpenAI's own. */
export class OpenAiError extends Error {
  override readonly name = "OpenAiError";
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, { code, param }: { code?: string; param?: string } = {}) {
    super(message);
    this.status = status;
    this.code = code ?? null;
    this.param = param ?? null;
  }
}

export function invalidValue(param: string, why: string): OpenAiError {
  return new OpenAiError(400, `Invalid value for '${param}': ${why}.`, { code: "invalid_value", param });
}

/** What OpenAI knows and this service does not do is refused by its name, never passed over. */
export function unsupported(param: string, what = `'${param}'`): OpenAiError {
  return new OpenAiError(400, `This service does not support ${what}.`, { code: "unsupported_parameter", param });
}

export function missing(param: string): OpenAiError {
  return new OpenAiError(400, `Missing required parameter: '${param}'.`, { code: "missing_required_parameter", param });
}

export function responseNotFound(id: string): OpenAiError {
  return new OpenAiError(404, `Response with id '${id}' not found.`);
}
