import type { PassingPoint } from "../passing-points.ts";
import { Died } from "./mortal.ts";

/** When the host is to die. */
export interface Doom {
  at(point: PassingPoint, count?: number): void;
  passing(point: string): void;
}

/** Calls `kill` at the point that was named last, and goes no further. */
export function createDoom(kill: () => void): Doom {
  let doom: { point: PassingPoint; left: number } | null = null;
  return {
    at(point, count = 1) {
      doom = { point, left: count };
    },
    passing(point) {
      if (doom?.point !== point) return;
      doom.left -= 1;
      if (doom.left > 0) return;
      doom = null;
      kill();
      throw new Died(); // so that the commit goes no further
    },
  };
}
