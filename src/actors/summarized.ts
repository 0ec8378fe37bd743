/**
 * Copies fields into an object with a compact JSON form: `summary`. XState passes inputs, contexts and events to its
 * inspectors unchanged; serializers write this form of them. Its prototype is not that of a plain object, so
 * serializers that copy plain objects (superjson) stop at it as well.
 *
 * @param summary called for each serialization; must not throw. @default strings, numbers and booleans of the fields
 */
export function summarized<T extends object>(fields: T, summary: (fields: T) => unknown = primitivesOf): T {
  return new Summarized(fields, summary) as Summarized & T; // the constructor copies all fields of T
}

class Summarized {
  readonly #summary: (fields: never) => unknown;

  constructor(fields: object, summary: (fields: never) => unknown) {
    Object.assign(this, fields);
    this.#summary = summary;
  }

  toJSON(): unknown {
    return this.#summary(this as never); // `this` has the fields that `summary` takes
  }
}

/** Returns the fields that are strings, numbers or booleans. */
export function primitivesOf(fields: object): Readonly<Record<string, string | number | boolean>> {
  const primitives: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields) as readonly (readonly [string, unknown])[]) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') primitives[name] = value;
  }
  return primitives;
}
