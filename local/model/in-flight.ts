/** What is being answered, so that a server can wait for it before it closes its state. */
export interface InFlight {
  run<T>(work: () => Promise<T>): Promise<T>;
  /** The same texts; they count until they end or their reader leaves. */
  stream(texts: AsyncGenerator<string>): AsyncGenerator<string>;
  idle(): Promise<void>;
}

export function inFlight(): InFlight {
  const working = new Set<Promise<unknown>>();

  function run<T>(work: () => Promise<T>): Promise<T> {
    const promise = work().finally(() => working.delete(promise));
    working.add(promise);
    return promise;
  }

  return {
    run,
    async *stream(texts) {
      const { promise, resolve } = Promise.withResolvers<void>();
      working.add(promise);
      try {
        yield* texts;
      } finally {
        working.delete(promise);
        resolve();
      }
    },
    async idle() {
      while (working.size > 0) await Promise.allSettled(working);
    },
  };
}
