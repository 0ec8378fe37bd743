import type { Message } from '../../../src/protocol/messages/message.js';
import type { U64 } from '../../../src/protocol/u64.js';
import { EncodedValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';

/** Converts the two types that a foreign library could confuse with others. */
export interface PlainForm {
  readonly integer: (integer: U64) => unknown;
  readonly value: (value: Value) => unknown;
}

/** Fields whose numbers are Floats. */
const floatFields: ReadonlySet<string> = new Set(['samples', 'range', 'bezier', 'epsilon']);

/** Returns a message as plain data: fields by name, without absent ones; structures as objects, revisions as a Map. */
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

/** Replaces -0 by 0, because a foreign library reads both as the integer 0. */
export function withoutNegativeZero(thing: unknown): unknown {
  if (thing === 0) return 0;
  if (Array.isArray(thing)) return thing.map(withoutNegativeZero);
  if (typeof thing !== 'object' || thing === null) return thing;
  return Object.fromEntries(Object.entries(thing).map(([name, item]) => [name, withoutNegativeZero(item)]));
}
