import { compileConstraint } from "./route-constraint.ts";

/** One segment of an ASP.NET route template. */
type Segment =
  | { kind: "literal"; text: string }
  | {
      kind: "parameter";
      pattern: RegExp;
      names: string[];
      optional: boolean;
      fallback: string | undefined;
      rank: number;
      accepts: Accepts[];
    }
  | { kind: "rest"; name: string; fallback: string | undefined };

type Accepts = (value: string) => boolean;

export interface RouteTemplate {
  segments: Segment[];
  /** Templates with the smaller text win: literals before constrained parameters before plain ones before the rest. */
  precedence: string;
}

/** @throws Error that names what is wrong with the template. */
export function parseTemplate(template: string): RouteTemplate {
  const segments = split(template).map((text) => parseSegment(text, template));
  const ranks = segments.map((segment) => {
    if (segment.kind === "literal") return 1;
    return segment.kind === "parameter" ? segment.rank : 5;
  });
  return { segments, precedence: ranks.join("") };
}

/** The route values, or null when the path does not match. Path segments are decoded already. */
export function matchTemplate({ segments }: RouteTemplate, path: readonly string[]): Record<string, string> | null {
  const values: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = path[index];
    if (segment.kind === "rest") {
      const rest = path.slice(index).join("/");
      const value = rest === "" ? segment.fallback : rest;
      if (value !== undefined) values[segment.name] = value;
      return values;
    }
    if (segment.kind === "literal") {
      if (text?.toLowerCase() !== segment.text) return null;
    } else if (!takeParameter(segment, text, values)) return null;
  }
  return path.length <= segments.length ? values : null;
}

function takeParameter(
  segment: Extract<Segment, { kind: "parameter" }>,
  text: string | undefined,
  values: Record<string, string>,
): boolean {
  const [name = ""] = segment.names;
  if (text === undefined) {
    if (segment.fallback !== undefined) values[name] = segment.fallback;
    return segment.optional || segment.fallback !== undefined;
  }
  const found = segment.pattern.exec(text);
  if (found === null) return false;
  return segment.names.every((parameter, index) => {
    const value = found[index + 1] ?? "";
    values[parameter] = value;
    return segment.accepts[index]?.(value) ?? true;
  });
}

/** Splits at slashes outside of braces: a regex constraint may hold one. */
function split(template: string): string[] {
  const trimmed = template.replace(/^\/+|\/+$/g, "");
  return trimmed === "" ? [] : trimmed.split(/\/(?![^{]*\})/);
}

function parseSegment(text: string, template: string): Segment {
  const rest = /^\{\*\*?([^:=}]+)(?:=([^}]*))?\}$/.exec(text);
  if (rest?.[1] !== undefined) return { kind: "rest", name: rest[1], fallback: rest[2] };
  if (!text.includes("{")) return { kind: "literal", text: text.toLowerCase() };
  const names: string[] = [];
  const accepts: Accepts[] = [];
  let optional = false;
  let fallback: string | undefined;
  let constrained = false;
  const parts = text.split(/(\{(?:[^{}]|\{[^{}]*\})+\})/).filter((part) => part !== "");
  const pattern = parts.map((part) => {
    if (!part.startsWith("{")) return literalPattern(part);
    const parameter = parseParameter(part.slice(1, -1), template);
    names.push(parameter.name);
    accepts.push(parameter.accepts);
    optional ||= parameter.optional;
    fallback ??= parameter.fallback;
    constrained ||= parameter.constrained;
    return "(.+?)";
  });
  const rank = constrained || parts.length > 1 ? 2 : 3;
  return {
    kind: "parameter",
    pattern: new RegExp(`^${pattern.join("")}$`, "is"),
    names,
    optional,
    fallback,
    rank,
    accepts,
  };
}

function parseParameter(text: string, template: string) {
  const match = /^([^:=?]+)((?::[^=]*?)*?)(\?)?(?:=(.*))?$/.exec(text);
  if (match?.[1] === undefined)
    throw new Error(`The route '${template}' has a parameter that cannot be read: {${text}}.`);
  const [, name, constraints = "", question, fallback] = match;
  const checks = constraints === "" ? [] : constraints.slice(1).split(/:(?![^(]*\))/);
  const compiled = checks.map((check) => compileConstraint(check, template));
  const accepts = (value: string) => compiled.every((check) => check(value));
  return { name, accepts, optional: question === "?", fallback, constrained: checks.length > 0 };
}

function literalPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
