import { utf8Length } from '../address.js';
import { DecodeError, EncodeError } from '../errors.js';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import { type U64, u64FromBigInt } from '../u64.js';
import type { EncodedValue } from '../values/encoded-value.js';
import { ValueType } from '../values/value.js';
import type { Fields, ReadNotation, WriteNotation } from './notation.js';

/** What reading a field needs besides its node. */
export interface Reading {
  readonly notation: ReadNotation;
  /** Bundles around this place. */
  readonly bundleDepth: number;
}

export interface Writing {
  readonly notation: WriteNotation;
  readonly bundleDepth: number;
}

/** What a field reads out of a node that is not of its kind. */
export const noMatch: unique symbol = Symbol('noMatch');

/** How one field of a message is read and written, whatever the form. */
export interface Field<T> {
  /** What has to stand here, for the error: `an integer from 0 to 255`. */
  readonly expected: string;
  readonly read: (node: unknown, reading: Reading) => T | typeof noMatch;
  /** Undefined leaves the field out. @throws EncodeError when the field cannot be written */
  readonly write: (value: T, writing: Writing) => unknown;
  /** Null is something this field can hold. Everywhere else it means absent. */
  readonly nullIsData?: boolean;
  /** What an absent field is; a field without this has to be there. */
  readonly ifAbsent?: () => T;
}

/** The fields of T under their names; the type makes a forgotten optional field a compile error. */
export type Shape<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** Text that every form can carry. Half a surrogate pair has no UTF-8: it is refused, and written as U+FFFD. */
export const text: Field<string> = {
  expected: `a text of at most ${MAX_PAYLOAD_BYTES} bytes`,
  read: (node, { notation }) => {
    const read = notation.text(node);
    return read === undefined || utf8Length(read) > MAX_PAYLOAD_BYTES ? noMatch : read;
  },
  write: wellFormed,
};

/** A text of which the empty one says that there is none (wire.md 6.1). */
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

/** An integer of the wire from 0 to `max`, which a double holds. */
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
  expected: 'a number that a Float holds',
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

/** One name of a closed set. */
export function oneOf<T extends string>(names: readonly T[]): Field<T> {
  return {
    expected: `one of ${names.join(', ')}`,
    read: (node) => names.find((name) => name === node) ?? noMatch,
    write: (value) => value,
  };
}

/** The name of a message itself: whoever chose the structure has read it already. */
export function named<T extends string>(name: T): Field<T> {
  return { expected: name, read: () => name, write: () => name };
}

export function listOf<T>(item: Field<T>): Field<readonly T[]> {
  return {
    expected: `a list, each of it ${item.expected}`,
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

/** A list of names of which those that nobody knows yet are left out: a newer peer may say more of itself. */
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

/** A map whose keys are data: texts that every form can carry. */
export function mapOf<T>(item: Field<T>): Field<ReadonlyMap<string, T>> {
  return {
    expected: `a map, each entry ${item.expected}`,
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

/** A field that may be left out. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    ...field,
    write: (value, writing) => (value === undefined ? undefined : field.write(value, writing)),
    ifAbsent: () => undefined,
  };
}

/** A list or map that may be left out, and is empty then. */
export function orEmpty<T>(field: Field<T>, empty: () => T): Field<T> {
  return { ...field, ifAbsent: empty };
}

/** Several fields under their names. */
export interface Structure<T> extends Field<T> {
  readonly readFields: (fields: Fields, reading: Reading) => T;
}

/** @param noun what an error calls the whole */
export function structure<T extends object>(noun: string, shape: Shape<T>): Structure<T> {
  const names = Object.keys(shape) as (keyof T & string)[]; // the keys of a Shape<T> are those of T

  function readField<K extends keyof T & string>(fields: Fields, name: K, reading: Reading): T[K] {
    const field: Field<T[K]> = shape[name];
    const { fault } = reading.notation;
    const node = nodeOf(fields, name, field, reading.notation);
    if (node === undefined) {
      if (field.ifAbsent !== undefined) return field.ifAbsent();
      throw new DecodeError(fault, `${noun} needs its ${name}`);
    }
    const read = field.read(node, reading);
    if (read === noMatch) throw new DecodeError(fault, `${noun}: ${name} must be ${field.expected}`);
    return read;
  }

  function readFields(fields: Fields, reading: Reading): T {
    const read: Partial<T> = {};
    for (const name of names) {
      const field = readField(fields, name, reading);
      if (field !== undefined) read[name] = field;
    }
    return read as T; // every field that T must have is there: readField throws for what is missing
  }

  return {
    expected: 'a map',
    readFields,
    read: (node, reading) => {
      const fields = reading.notation.fields(node);
      return fields === undefined ? noMatch : readFields(fields, reading);
    },
    write: (whole, writing) => {
      const fields = new Map<string, unknown>();
      for (const name of names) {
        const field: Field<T[keyof T & string]> = shape[name];
        const node = field.write(whole[name], writing);
        if (node !== undefined) fields.set(name, node);
      }
      return writing.notation.fields(fields);
    },
  };
}

/** What stands under the field's name, or under its other one; undefined when that is nothing. */
function nodeOf<T>(fields: Fields, name: string, field: Field<T>, { spellings, nullIsAbsent }: ReadNotation): unknown {
  const nullCounts = field.nullIsData === true && !(nullIsAbsent && field.ifAbsent !== undefined);
  const node = fields.get(name);
  if (node !== undefined && (node !== null || nullCounts)) return node;
  const spelling = spellings.get(name);
  const other = spelling === undefined ? undefined : fields.get(spelling);
  return other === null && !nullCounts ? undefined : other;
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
