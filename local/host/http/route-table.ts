import { z } from "zod";
import { findBinding } from "../worker/bindings.ts";
import type { RegisteredFunction } from "../worker/core.ts";
import { matchTemplate, parseTemplate, type RouteTemplate } from "./route-template.ts";

export interface HttpRoute {
  target: RegisteredFunction;
  /** The name of the trigger binding. */
  binding: string;
  template: RouteTemplate;
  methods: ReadonlySet<string>;
}

export interface RouteMatch {
  route: HttpRoute;
  params: Record<string, string>;
}

const httpOptions = z.object({ route: z.string().nullish(), methods: z.array(z.string()).nullish() });

/** @throws Error that names the function whose route cannot be served. */
export function routesOf(functions: readonly RegisteredFunction[], prefix: string): HttpRoute[] {
  const routes: HttpRoute[] = [];
  for (const target of functions) {
    const found = findBinding(target, "httpTrigger");
    if (found === undefined) continue;
    const options = httpOptions.parse(found.binding);
    const path = options.route || target.metadata.name;
    const methods = new Set((options.methods ?? ["GET", "POST"]).map((method) => method.toUpperCase()));
    const template = parseTemplate(`${prefix}/${path}`);
    if (reserved(template))
      throw new Error(`The route '${path}' of ${target.metadata.name} begins with a reserved name.`);
    routes.push({ target, binding: found.name, template, methods });
  }
  return routes.sort((a, b) => (a.template.precedence < b.template.precedence ? -1 : 1));
}

/** A path under `admin` or `runtime` never reaches a function of the real host. */
function reserved({ segments }: RouteTemplate): boolean {
  const [first] = segments;
  return first?.kind === "literal" && (first.text === "admin" || first.text === "runtime");
}

export function findRoute(routes: readonly HttpRoute[], method: string, pathname: string): RouteMatch | undefined {
  const path = pathSegments(pathname);
  for (const route of routes) {
    if (!route.methods.has(method)) continue;
    const params = matchTemplate(route.template, path);
    if (params !== null) return { route, params };
  }
  return undefined;
}

function pathSegments(pathname: string): string[] {
  const trimmed = pathname.slice(1, pathname.length > 1 && pathname.endsWith("/") ? -1 : undefined);
  return trimmed === "" ? [] : trimmed.split("/").map(decodeSegment);
}

/** Decodes all but slashes, as the real host does; what is no valid escape stays as it is. */
function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return segment
      .split(/(%2f)/i)
      .map((part) => (/^%2f$/i.test(part) ? part : decodeURIComponent(part)))
      .join("");
  } catch {
    return segment;
  }
}
