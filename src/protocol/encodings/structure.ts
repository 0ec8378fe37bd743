import { DecodeError } from '../errors.js';
import { type Field, noMatch, type Reading } from './fields.js';
import type { Fields, ReadNotation } from './notation.js';

/** The fields of T by name. Because of the type, a missing optional field does not compile. */
export type Shape<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** Several named fields. */
export interface Structure<T> extends Field<T> {
  readonly readFields: (fields: Fields, reading: Reading) => T;
}

/** @param noun name of the whole in error texts */
export function structure<T extends object>(noun: string, shape: Shape<T>): Structure<T> {
  const names = Object.keys(shape) as (keyof T & string)[]; // invariant: the keys of a Shape<T> are those of T

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
    return read as T; // invariant: every required field of T is present, because readField throws for a missing one
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

/** Returns the node of the field under its name or alternative name, or undefined if the field is absent. */
function nodeOf<T>(fields: Fields, name: string, field: Field<T>, { spellings, nullIsAbsent }: ReadNotation): unknown {
  const nullCounts = field.nullIsData === true && !(nullIsAbsent && field.ifAbsent !== undefined);
  const node = fields.get(name);
  if (node !== undefined && (node !== null || nullCounts)) return node;
  const spelling = spellings.get(name);
  const other = spelling === undefined ? undefined : fields.get(spelling);
  return other === null && !nullCounts ? undefined : other;
}
