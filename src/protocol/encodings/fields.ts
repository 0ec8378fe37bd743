import { utf8Length } from '../address.js';
import { EncodeError } from '../errors.js';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import { type U64, u64FromBigInt } from '../u64.js';
import type { EncodedValue } from '../values/encoded-value.js';
import { ValueType } from '../values/value.js';
import type { ReadNotation, WriteNotation } from './notation.js';

/** Context for reading a field. */
export interface Reading {
  readonly notation: ReadNotation;
  /** Number of bundles around the field. */
  readonly bundleDepth: number;
}

export interface Writing {
  readonly notation: WriteNotation;
  readonly bundleDepth: number;
}

/** Result of reading a field from a node of the wrong kind. */
export const noMatch: unique symbol = Symbol('noMatch');

/** Reads and writes one field of a message, in every map-shaped form. */
export interface Field<T> {
  /** Expected content, for the error: `an integer from 0 to 255`. */
  readonly expected: string;
  readonly read: (node: unknown, reading: Reading) => T | typeof noMatch;
  /**
   * Undefined omits the field.
   *
   * @throws EncodeError if the field cannot be written
   */
  readonly write: (value: T, writing: Writing) => unknown;
  /** Whether null is data in this field. In all other fields null means absent. */
  readonly nullIsData?: boolean;
  /** Value of an absent field. A field without this function is required. */
  readonly ifAbsent?: () => T;
}

/**
 * A string that every form can represent. A lone surrogate has no UTF-8: it is rejected on read and written as U+FFFD.
 */
export const text: Field<string> = {
  expected: `a string of at most ${MAX_PAYLOAD_BYTES} bytes`,
  read: (node, { notation }) => {
    const read = notation.text(node);
    return read === undefined || utf8Length(read) > MAX_PAYLOAD_BYTES ? noMatch : read;
  },
  write: wellFormed,
};

/** A string where the empty string means absent (wire.md 6.1). */
export const token: Field<string | undefined> = {
  ...optional(text),
  read: (node, reading) => {
    const read = text.read(node, reading);
    return read === '' ? undefined : read;
  },
};

export const boolean: Field<boolean> = {
  expected: 'true or false',
  read: (node) => (typeof node === 'boolean' ? node : noMatch),
  write: (value) => value,
};

/** True or absent. */
export const flag: Field<boolean | undefined> = {
  ...optional(boolean),
  read: (node) => (typeof node === 'boolean' ? node || undefined : noMatch),
  write: (value) => value === true || undefined,
};

/** An integer on the wire from 0 to `max`, which a double represents exactly. */
export function unsigned(max: number): Field<number> {
  const expected = `an integer from 0 to ${max}`;
  return {
    expected,
    read: (node, { notation }) => {
      const integer = notation.integer(node);
      return typeof integer === 'number' && integer <= max ? integer : noMatch;
    },
    write: (value, { notation }) => {
      if (!isUnsigned(value) || value > max) throw notWritable(value, expected);
      return notation.integer(value);
    },
  };
}

export const u8 = unsigned(0xff);
export const u16 = unsigned(0xffff);
export const u32 = unsigned(0xffff_ffff);

export const u64: Field<U64> = {
  expected: 'an integer from 0 to 18446744073709551615',
  read: (node, { notation }) => notation.integer(node) ?? noMatch,
  write: (value, { notation }) => {
    const integer = typeof value === 'bigint' ? u64FromBigInt(value) : isUnsigned(value) ? value : undefined;
    if (integer === undefined) throw notWritable(value, u64.expected);
    return notation.integer(integer);
  },
};

export const float: Field<number> = {
  expected: 'a number in the range of a Float',
  read: (node, { notation }) => notation.float(node) ?? noMatch,
  write: (value, { notation }) => notation.float(value),
};

export const value: Field<EncodedValue> = {
  expected: 'a value',
  nullIsData: true,
  read: (node, { notation }) => notation.value(node),
  write: (value, { notation }) => notation.value(value),
};

/** A value that is a map. */
export const mapValue: Field<EncodedValue> = {
  expected: 'a map',
  read: (node, { notation }) => {
    const read = notation.value(node);
    return read.type === ValueType.Map ? read : noMatch;
  },
  write: value.write,
};

/** One name from a closed set. */
export function oneOf<T extends string>(names: readonly T[]): Field<T> {
  return {
    expected: `one of ${names.join(', ')}`,
    read: (node) => names.find((name) => name === node) ?? noMatch,
    write: (value) => value,
  };
}

/** The name of a message. It was read already to choose the structure. */
export function named<T extends string>(name: T): Field<T> {
  return { expected: name, read: () => name, write: () => name };
}

export function listOf<T>(item: Field<T>): Field<readonly T[]> {
  return {
    expected: `a list where each item is ${item.expected}`,
    read: (node, reading) => {
      if (!Array.isArray(node)) return noMatch;
      const items: T[] = [];
      for (const element of node) {
        const read = item.read(element, reading);
        if (read === noMatch) return noMatch;
        items.push(read);
      }
      return items;
    },
    write: (items, writing) => items.map((element) => item.write(element, writing)),
  };
}

/** A list of names. Unknown names are omitted, because a newer peer can report more features. */
export function knownNames<T extends string>(names: readonly T[]): Field<readonly T[]> {
  const texts = listOf(text);
  return {
    expected: texts.expected,
    read: (node, reading) => {
      const read = texts.read(node, reading);
      return read === noMatch ? noMatch : read.flatMap((text) => names.filter((name) => name === text));
    },
    write: (value) => value,
  };
}

/** A map whose keys are data: strings that every form can represent. */
export function mapOf<T>(item: Field<T>): Field<ReadonlyMap<string, T>> {
  return {
    expected: `a map where each entry is ${item.expected}`,
    read: (node, reading) => {
      const entries = reading.notation.map(node);
      if (entries === undefined) return noMatch;
      const items = new Map<string, T>();
      for (const [key, element] of entries) {
        const read = item.read(element, reading);
        if (read === noMatch || text.read(key, reading) === noMatch) return noMatch;
        items.set(key, read);
      }
      return items;
    },
    write: (items, writing) =>
      writing.notation.map(
        new Map([...items].map(([key, element]) => [wellFormed(key), item.write(element, writing)] as const)),
      ),
  };
}

/** An optional field. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    ...field,
    write: (value, writing) => (value === undefined ? undefined : field.write(value, writing)),
    ifAbsent: () => undefined,
  };
}

/** An optional list or map. If absent, it is empty. */
export function orEmpty<T>(field: Field<T>, empty: () => T): Field<T> {
  return { ...field, ifAbsent: empty };
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

function isUnsigned(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function notWritable(value: U64, expected: string): EncodeError {
  return new EncodeError('NotEncodable', `${value.toString()} is not ${expected}`);
}
