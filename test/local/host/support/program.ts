import fc from "fast-check";

/** A step of a random orchestration. `n` tells activities apart; `failures` is how often one fails before it works. */
export type Step =
  | { kind: "work"; n: number }
  | { kind: "retry"; n: number; failures: number }
  | { kind: "timer" }
  | { kind: "event"; name: string }
  | { kind: "all"; parts: Step[] }
  | { kind: "any"; parts: Step[] };

const leaf: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: "work" as const, n: 0 }),
  fc.constant({ kind: "timer" as const }),
  fc.constant({ kind: "event" as const, name: "" }),
);

const compound = (part: fc.Arbitrary<Step>): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom("all" as const, "any" as const),
    parts: fc.array(part, { minLength: 1, maxLength: 3 }),
  });

const retry = fc.record({ kind: fc.constant("retry" as const), n: fc.constant(0), failures: fc.nat(2) });

/** Programs whose events all have a name of their own, and activities a number. */
export const programs: fc.Arbitrary<Step[]> = fc
  .array(fc.oneof(leaf, retry, compound(leaf), compound(fc.oneof(leaf, compound(leaf)))), {
    minLength: 1,
    maxLength: 6,
  })
  .map((steps) => {
    let count = 0;
    const named = (step: Step): Step => {
      count += 1;
      if (step.kind === "event") return { ...step, name: `event-${count}` };
      if (step.kind === "work" || step.kind === "retry") return { ...step, n: count };
      return step.kind === "all" || step.kind === "any" ? { ...step, parts: step.parts.map(named) } : step;
    };
    return steps.map(named);
  });

export function eventNames(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => {
    if (step.kind === "event") return [step.name];
    return step.kind === "all" || step.kind === "any" ? eventNames(step.parts) : [];
  });
}
