import type { Message } from '../../../src/protocol/messages/message.js';
import type { U64 } from '../../../src/protocol/u64.js';
import { EncodedValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';

/** How a library that knows nothing of us is given the two things it might take for something else. */
export interface PlainForm {
  readonly integer: (integer: U64) => unknown;
  readonly value: (value: Value) => unknown;
}

/** Fields whose numbers are Floats. */
const floatFields: ReadonlySet<string> = new Set(['samples', 'range', 'bezier', 'epsilon']);

/** A message as plain data: its fields under our names, absent ones left out, structures objects and revisions a Map. */
export function plainMessage(message: object, form: PlainForm): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(message) as [string, unknown][]) {
    if (field !== undefined) plain[name] = floatFields.has(name) ? field : plainField(field, form);
  }
  return plain;
}

function plainField(field: unknown, form: PlainForm): unknown {
  if (typeof field === 'number' || typeof field === 'bigint') return form.integer(field);
  if (field instanceof EncodedValue) return form.value(field.decode());
  if (field instanceof Map) {
    return new Map([...(field as Message & Map<string, U64>)].map(([key, item]) => [key, form.integer(item)]));
  }
  if (Array.isArray(field)) return field.map((item) => plainField(item, form));
  return typeof field === 'object' && field !== null ? plainMessage(field, form) : field;
}

/** -0 became 0 on its way through a library to which both are the integer 0. */
export function withoutNegativeZero(thing: unknown): unknown {
  if (thing === 0) return 0;
  if (Array.isArray(thing)) return thing.map(withoutNegativeZero);
  if (typeof thing !== 'object' || thing === null) return thing;
  return Object.fromEntries(Object.entries(thing).map(([name, item]) => [name, withoutNegativeZero(item)]));
}
