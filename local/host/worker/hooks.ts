const hookNames = ["preInvocation", "postInvocation", "appStart", "appTerminate", "log"] as const;

export type HookName = (typeof hookNames)[number];

/** A hook's argument is one mutable object: hooks talk to the host by changing it. */
export type HookContext = Record<string, unknown>;
export type Hook = (context: HookContext) => unknown;

export interface Hooks {
  add(name: string, hook: Hook): () => void;
  has(name: HookName): boolean;
  run(name: HookName, context: HookContext): Promise<void>;
  /** Log hooks are synchronous in the real worker. */
  runLog(context: HookContext): void;
}

export function createHooks(): Hooks {
  const hooks = new Map<HookName, Hook[]>(hookNames.map((name) => [name, []]));
  const of = (name: HookName) => hooks.get(name) ?? [];
  return {
    add(name, hook) {
      const known = hookNames.find((candidate) => candidate === name);
      if (known === undefined) throw unknownHook(name);
      of(known).push(hook);
      return () => {
        const list = of(known);
        const index = list.indexOf(hook);
        if (index >= 0) list.splice(index, 1);
      };
    },
    has: (name) => of(name).length > 0,
    async run(name, context) {
      for (const hook of [...of(name)]) await hook(context);
    },
    runLog(context) {
      for (const hook of [...of("log")]) hook(context);
    },
  };
}

function unknownHook(name: string): RangeError {
  return Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
}
