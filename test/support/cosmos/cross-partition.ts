import { z } from "zod";

/** Two physical partitions: the SDK asks each of them, and merges what they answer. */
const ranges = [
  { id: "0", minInclusive: "", maxExclusive: "7F" },
  { id: "1", minInclusive: "7F", maxExclusive: "FF" },
];

const Query = z.object({ query: z.string() });
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

/** One page of what a sorted query finds in one range, from the `whole` of what it finds: each with what it is sorted by. */
export function pageOf(
  body: string,
  whole: string,
  { range, keyPath, size, continuation }: { range: string; keyPath: string; size: number; continuation: number },
): { text: string; continuation: number | null } {
  const order = orderOf(Query.parse(JSON.parse(body)).query);
  const found = Documents.parse(JSON.parse(whole)).Documents.filter((each) => rangeOf(String(each[keyPath])) === range);
  const page = found.slice(continuation, continuation + size).map((payload) => ({
    _rid: payload._rid,
    orderByItems: order.map(({ path }) => ({ item: path.reduce(member, payload) })),
    payload,
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

function member(value: unknown, name: string): unknown {
  return z.record(z.string(), z.unknown()).parse(value)[name];
}

/** The service spreads keys by their hash; the last character spreads those of tests. */
function rangeOf(key: string): string {
  return String(key.charCodeAt(key.length - 1) % 2);
}
