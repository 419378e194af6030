import { numberOf, type Schema } from "./schema.ts";

/** A number of the user's that fits, else one in the middle of what is allowed. `numbers` loses the one that is used. */
export function numberFor(schema: Schema, whole: boolean, numbers: number[]): number {
  const at = numbers.findIndex((number) => fits(number, schema, whole));
  if (at >= 0) return numbers.splice(at, 1)[0] ?? 0;
  return middleOf(schema, whole);
}

function fits(number: number, schema: Schema, whole: boolean): boolean {
  const { least, most } = boundsOf(schema);
  const step = numberOf(schema.multipleOf);
  if (whole && !Number.isInteger(number)) return false;
  if (number < least || number > most) return false;
  if (number === schema.exclusiveMinimum || number === schema.exclusiveMaximum) return false;
  return step === undefined || Math.abs(number / step - Math.round(number / step)) < 1e-9;
}

function middleOf(schema: Schema, whole: boolean): number {
  const { least, most } = boundsOf(schema);
  const step = numberOf(schema.multipleOf) ?? (whole ? 1 : undefined);
  const finite = Number.isFinite(least) && Number.isFinite(most);
  const middle = finite
    ? (least + most) / 2
    : Number.isFinite(least)
      ? least + (step ?? 1)
      : Number.isFinite(most)
        ? most - (step ?? 1)
        : 3;
  if (step === undefined) return middle;
  const down = Math.floor(middle / step) * step;
  const candidates = [down, down + step, Math.ceil(least / step) * step, Math.floor(most / step) * step];
  return candidates.find((candidate) => fits(candidate, schema, whole)) ?? down;
}

function boundsOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Schema) {
  return {
    least: Math.max(
      numberOf(minimum) ?? Number.NEGATIVE_INFINITY,
      numberOf(exclusiveMinimum) ?? Number.NEGATIVE_INFINITY,
    ),
    most: Math.min(
      numberOf(maximum) ?? Number.POSITIVE_INFINITY,
      numberOf(exclusiveMaximum) ?? Number.POSITIVE_INFINITY,
    ),
  };
}
