import fc from "fast-check";

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
}

/** Values that a JSON schema describes, more or less: what they get wrong is welcome in requests made at random. */
export function instances(schemas: Record<string, unknown>, name: string): fc.Arbitrary<unknown> {
  return instanceOf({ $ref: `#/components/schemas/${name}` }, 5);

  function instanceOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    if (depth === 0) return fc.constant(null);
    const { $ref, allOf, enum: values, type } = schema;
    if ($ref) return instanceOf(schemas[$ref.slice($ref.lastIndexOf("/") + 1)] as Schema, depth); // of the same document
    if (allOf) return instanceOf(joined(allOf), depth);
    const branches = schema.anyOf ?? schema.oneOf;
    if (branches)
      return fc.integer({ min: 0, max: branches.length - 1 }).chain((n) => instanceOf(branches[n] ?? {}, depth - 1));
    if (values) return fc.constantFrom(...values);
    switch (type) {
      case "string":
        return fc.string({ maxLength: 12 });
      case "integer":
        return fc.integer({ min: -2, max: 200 });
      case "number":
        return fc.double({ min: -2, max: 2, noNaN: true });
      case "boolean":
        return fc.boolean();
      case "null":
        return fc.constant(null);
      case "array":
        return fc.array(
          fc.constant(null).chain(() => instanceOf(schema.items ?? {}, depth - 1)),
          { maxLength: 2 },
        );
      default:
        return objectOf(schema, depth);
    }
  }

  function objectOf({ properties = {}, required = [] }: Schema, depth: number): fc.Arbitrary<unknown> {
    const names = Object.keys(properties);
    if (names.length === 0)
      return fc.dictionary(fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), { maxKeys: 2 });
    const some = fc.subarray(names, { maxLength: Math.min(names.length, 6) });
    return some.chain((chosen) =>
      fc.record(
        Object.fromEntries(
          [...new Set([...required, ...chosen])].map((each) => [each, instanceOf(properties[each] ?? {}, depth - 1)]),
        ),
      ),
    );
  }

  function joined(parts: Schema[]): Schema {
    const whole = parts.map((part) =>
      part.$ref ? (schemas[part.$ref.slice(part.$ref.lastIndexOf("/") + 1)] as Schema) : part,
    ); // of the same document
    const flat = whole.map((part) => (part.allOf ? joined(part.allOf) : part));
    return {
      properties: Object.assign({}, ...flat.map(({ properties }) => properties)),
      required: flat.flatMap(({ required = [] }) => required),
    };
  }
}
