import type { VirtualClock } from "../../../local/host/kit/virtual-clock.ts";
import type { Model } from "../../../src/model/model.ts";

/** One turn as its provider saw it, in seconds of the common clock. */
export interface SeenTurn {
  acceptedAt: number;
  looks: number;
  /** When a look found the answer; null: not yet. */
  seenAt: number | null;
}

/** The model, and a note of every turn it took and every look at one. */
export function watchTurns(model: Model, clock: VirtualClock, turns: SeenTurn[]): Model {
  const seconds = () => clock.now() / 1000;
  const byToken = new Map<string, SeenTurn>();
  return {
    ...model,
    async start(turn, signal) {
      const answer = await model.start(turn, signal);
      if (answer.kind !== "pending") throw new Error(`A turn was not taken: ${JSON.stringify(answer)}`);
      const seen = { acceptedAt: seconds(), looks: 0, seenAt: null };
      turns.push(seen);
      byToken.set(answer.token, seen);
      return answer;
    },
    async look(token, signal) {
      const answer = await model.look(token, signal);
      const seen = byToken.get(token);
      if (seen === undefined) throw new Error(`A look at a turn that nobody began: ${token}`);
      seen.looks += 1;
      if (answer.kind !== "pending") {
        seen.seenAt = seconds();
        byToken.delete(token);
      }
      return answer;
    },
  };
}
