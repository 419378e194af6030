import { z } from "zod";

/** Two physical partitions: the SDK asks each of them, and merges what they answer. */
const ranges = [
  { id: "0", minInclusive: "", maxExclusive: "7F" },
  { id: "1", minInclusive: "7F", maxExclusive: "FF" },
];

const Query = z.looseObject({ query: z.string() });
const Documents = z.object({ Documents: z.array(z.looseObject({ _rid: z.string(), id: z.string() })) });

export function rangesAnswer(): string {
  return JSON.stringify({ PartitionKeyRanges: ranges, _count: ranges.length });
}

/** How the service tells the SDK to execute a sorted query over all partitions; null: the query is not sorted. */
export function planOf(body: string): object | null {
  const { query } = Query.parse(JSON.parse(body));
  const order = orderOf(query);
  if (order.length === 0) return null;
  return {
    partitionedQueryExecutionInfoVersion: 2,
    queryInfo: {
      distinctType: "None",
      orderBy: order.map(({ descending }) => (descending ? "Descending" : "Ascending")),
      orderByExpressions: order.map(({ path }) => `c.${path.join(".")}`),
      groupByExpressions: [],
      groupByAliasToAggregateType: {},
      aggregates: [],
      hasSelectValue: false,
      hasNonStreamingOrderBy: false,
      rewrittenQuery: query,
    },
    queryRanges: [{ min: "", max: "FF", isMinInclusive: true, isMaxInclusive: false }],
  };
}

/** The same query for whole documents: a range's answer needs what they are sorted by, too. */
export function ofWholeDocuments(body: string): string {
  const { query, ...others } = Query.parse(JSON.parse(body));
  return JSON.stringify({ ...others, query: query.replace(/^SELECT .+? FROM/, "SELECT * FROM") });
}

/** One page of what a sorted query finds in one range, from the `whole` of what it finds: each with what it is sorted by. */
export function pageOf(
  body: string,
  whole: string,
  { range, keyPath, size, continuation }: { range: string; keyPath: string; size: number; continuation: number },
): { text: string; continuation: number | null } {
  const { query } = Query.parse(JSON.parse(body));
  const order = orderOf(query);
  const found = Documents.parse(JSON.parse(whole)).Documents.filter((each) => rangeOf(String(each[keyPath])) === range);
  const page = found.slice(continuation, continuation + size).map((document) => ({
    _rid: document._rid,
    orderByItems: order.map(({ path }) => ({ item: path.reduce(member, document) })),
    payload: selected(query, document),
  }));
  const next = continuation + page.length;
  return {
    text: JSON.stringify({ Documents: page, _count: page.length }),
    continuation: next < found.length ? next : null,
  };
}

function orderOf(query: string): { path: string[]; descending: boolean }[] {
  const [, terms = ""] = / ORDER BY (.+)$/.exec(query) ?? [];
  return terms
    .split(", ")
    .filter((term) => term !== "")
    .map((term) => {
      const [name = "", direction] = term.split(" ");
      return { path: name.split(".").slice(1), descending: direction === "DESC" };
    });
}

/** What `SELECT *` or `SELECT c.a, c.b` takes of a document. */
function selected(query: string, document: Record<string, unknown>): unknown {
  const names = /^SELECT c\.(.+?) FROM/.exec(query)?.[1]?.split(", c.");
  return names === undefined ? document : Object.fromEntries(names.map((name) => [name, document[name]]));
}

function member(value: unknown, name: string): unknown {
  return z.record(z.string(), z.unknown()).parse(value)[name];
}

/** The service spreads keys by their hash; the last character spreads those of tests. */
function rangeOf(key: string): string {
  return String(key.charCodeAt(key.length - 1) % 2);
}
