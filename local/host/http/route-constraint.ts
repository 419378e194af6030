const number = /^-?\d+(\.\d+)?$/;
const whole = /^-?\d+$/;

const simple: Readonly<Record<string, (value: string) => boolean>> = {
  int: (value) => whole.test(value) && Math.abs(Number(value)) <= 2 ** 31,
  long: (value) => whole.test(value),
  bool: (value) => /^(true|false)$/i.test(value),
  guid: (value) => /^\{?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i.test(value),
  alpha: (value) => /^[a-z]*$/i.test(value),
  decimal: (value) => number.test(value),
  double: (value) => number.test(value),
  float: (value) => number.test(value),
  datetime: (value) => !Number.isNaN(Date.parse(value)),
  required: (value) => value !== "",
};

const withArguments: Readonly<Record<string, (value: string, first: number, second: number) => boolean>> = {
  min: (value, least) => Number(value) >= least,
  max: (value, most) => Number(value) <= most,
  range: (value, least, most) => Number(value) >= least && Number(value) <= most,
  minlength: (value, least) => value.length >= least,
  maxlength: (value, most) => value.length <= most,
  length: (value, least, most) => value.length >= least && value.length <= (Number.isNaN(most) ? least : most),
};

/** @throws Error when the constraint is not one of ASP.NET's. */
export function compileConstraint(text: string, template: string): (value: string) => boolean {
  const plain = simple[text.toLowerCase()];
  if (plain !== undefined) return plain;
  const [, name = "", list = ""] = /^(\w+)\((.*)\)$/s.exec(text) ?? [];
  if (name.toLowerCase() === "regex") {
    const pattern = new RegExp(list, "i");
    return (value) => pattern.test(value);
  }
  const check = withArguments[name.toLowerCase()];
  if (check === undefined) throw new Error(`The route '${template}' has an unknown constraint '${text}'.`);
  const [first = Number.NaN, second = Number.NaN] = list.split(",").map(Number);
  return (value) => check(value, first, second);
}
