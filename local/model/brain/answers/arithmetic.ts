import type { Kind } from "./kind.ts";

/** "What is 12 * 7?": one operation on two numbers. */
export const arithmetic: Kind = {
  name: "arithmetic",
  compose({ lastWords, outputs }) {
    if (outputs.length > 0) return null;
    const found = /(-?\d+(?:\.\d+)?)\s*(\+|-|\*|\/|×|÷|plus|minus|times|divided by)\s*(-?\d+(?:\.\d+)?)(?![\d-])/i.exec(
      lastWords,
    );
    if (!found) return null;
    const [, left = "", sign = "", right = ""] = found;
    const result = calculate(Number(left), sign.toLowerCase(), Number(right));
    return { text: `${left} ${sign} ${right} = ${Number.isFinite(result) ? Number(result.toFixed(10)) : "undefined"}` };
  },
};

function calculate(left: number, sign: string, right: number): number {
  if (sign === "+" || sign === "plus") return left + right;
  if (sign === "-" || sign === "minus") return left - right;
  if (sign === "*" || sign === "×" || sign === "times") return left * right;
  return left / right;
}
