export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";

export interface LogEntry {
  level: LogLevel;
  /** As in host.json `logging.logLevel`: `Host.Durable`, `Function.<name>.User`, … */
  category: string;
  message: string;
}

/** Where the host's and the app's log lines go. It is called synchronously and must not throw. */
export type LogSink = (entry: LogEntry) => void;

const ranks = { trace: 0, debug: 1, information: 2, warning: 3, error: 4, critical: 5, none: 6 } satisfies Record<
  LogLevel,
  number
>;

/** Passes on what `levels` (host.json `logging.logLevel`) lets through; the longest matching category decides. */
export function filterLog(sink: LogSink, levels: Readonly<Record<string, LogLevel>>): LogSink {
  const known = new Map<string, number>();
  return (entry) => {
    let threshold = known.get(entry.category);
    if (threshold === undefined) {
      threshold = ranks[levelOf(entry.category, levels)];
      known.set(entry.category, threshold);
    }
    if (ranks[entry.level] >= threshold) sink(entry);
  };
}

function levelOf(category: string, levels: Readonly<Record<string, LogLevel>>): LogLevel {
  let best = "";
  let level = levels.default ?? "information";
  for (const [prefix, candidate] of Object.entries(levels)) {
    const matches = category === prefix || category.startsWith(`${prefix}.`);
    if (matches && prefix.length > best.length) {
      best = prefix;
      level = candidate;
    }
  }
  return level;
}
