/** Something that will be settled once. Listeners run at once and in order: replay must not depend on the event loop. */
export interface Future {
  readonly state: "pending" | "done" | "failed";
  whenSettled(listener: () => void): void;
}

export interface Settable {
  future: Future;
  settle(state: "done" | "failed"): void;
}

export function settable(): Settable {
  let state: Future["state"] = "pending";
  let listeners: (() => void)[] = [];
  const future: Future = {
    get state() {
      return state;
    },
    whenSettled(listener) {
      if (state === "pending") listeners.push(listener);
      else listener();
    },
  };
  function settle(next: "done" | "failed"): void {
    if (state !== "pending") return;
    state = next;
    const waiting = listeners;
    listeners = [];
    for (const listener of waiting) listener();
  }
  return { future, settle };
}

export function settled(state: "done" | "failed"): Future {
  return { state, whenSettled: (listener) => listener() };
}

export function whenAny(children: readonly Future[]): Future {
  const any = settable();
  for (const child of children) child.whenSettled(() => any.settle("done"));
  return any.future;
}

/** Settles only when all have settled, also after a failure, as in .NET. */
export function whenAll(children: readonly Future[]): Future {
  const all = settable();
  let open = children.length;
  const close = () => {
    open -= 1;
    if (open > 0) return;
    all.settle(children.some((child) => child.state === "failed") ? "failed" : "done");
  };
  if (open === 0) all.settle("done");
  for (const child of children) child.whenSettled(close);
  return all.future;
}
