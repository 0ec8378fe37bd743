import type { $ZodType, input } from 'zod/v4/core';
import type { SignalType } from '../protocol/enumerations.js';

/**
 * A zod 4 schema (of `zod` or `zod/mini`) for valid values. It only validates: a schema that changes values is
 * rejected.
 */
export type ValueSchema = $ZodType;

interface Described {
  /** Description for people. @default the schema's own description */
  readonly description?: string | undefined;
  /** Unit of its numbers, such as `Hz`. @default `unit` of the schema's `.meta()` */
  readonly unit?: string | undefined;
  /** Permissions as a note for people. The router does not enforce it. */
  readonly access?: string | undefined;
}

/** Declaration of one address, or of all addresses that a template with `:name` covers. */
export type Declaration =
  | (Described & {
      /** A stored value, a continuous signal, or an automation. */
      readonly type: 'param' | 'stream' | 'timeline';
      /**
       * Schema of its values. For a stream, it applies to the samples as one list of numbers, or to each sample. For a
       * timeline, it applies to the value of each keyframe.
       */
      readonly value: ValueSchema;
    })
  | (Described & {
      readonly type: 'event' | 'gesture';
      /** Schema of its values. @default none */
      readonly value?: ValueSchema;
    });

/** Declarations by address. A segment `:name` stands for any characters without `/`. */
export type Declarations = Readonly<Record<`/${string}`, Declaration>>;

/** Checks that the compiler omits for an argument with an inferred type: keys and fields without a meaning. */
export type Sound<D> = {
  readonly [K in keyof D]: string extends K
    ? unknown // created at run time: nothing to check
    : K extends `/${string}`
      ? Readonly<Record<Exclude<keyof D[K], Field>, 'a declaration has no such field'>>
      : 'an address begins with "/"';
};

type Field = 'type' | 'value' | 'description' | 'unit' | 'access';

/** Fields of a declaration. Any other field is a mistake. */
export const declarationFields: ReadonlySet<string> = new Set<Field>([
  'type',
  'value',
  'description',
  'unit',
  'access',
]);

/** Signal types that require a value. */
export const kindsWithValue: ReadonlySet<SignalType> = new Set(['param', 'stream', 'timeline']);

/** Value type of this declaration: the schema's input type, or undefined without a schema. */
export type CarriedBy<D> = D extends { readonly value: infer S extends ValueSchema }
  ? D extends { readonly type: 'param' }
    ? Exclude<input<S>, undefined> // a param has a value, even if its schema has a default
    : input<S>
  : undefined;
