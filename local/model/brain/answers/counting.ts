import type { Kind } from "./kind.ts";

const most = 1000;

/** "Count from 1 to 10". */
export const counting: Kind = {
  name: "counting",
  compose({ lastWords }) {
    const order = /\bcount\s+(?:from\s+(-?\d+)\s+)?to\s+(-?\d+)/i.exec(lastWords);
    if (!order) return null;
    const first = Number(order[1] ?? 1);
    const step = Number(order[2]) < first ? -1 : 1;
    const count = Math.min(Math.abs(Number(order[2]) - first) + 1, most);
    return { text: Array.from({ length: count }, (_none, index) => first + step * index).join(", ") };
  },
};
