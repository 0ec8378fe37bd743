import type { $ZodType, input } from 'zod/v4/core';
import type { SignalType } from '../protocol/enumerations.js';

/** A zod 4 schema (of `zod` or `zod/mini`) that says which values are right. It only judges: one that changes values is refused. */
export type ValueSchema = $ZodType;

interface Described {
  /** What it is, for people. @default the schema's own description */
  readonly description?: string | undefined;
  /** What its numbers count, such as `Hz`. @default `unit` of the schema's `.meta()` */
  readonly unit?: string | undefined;
  /** Who may do what with it, as a note to people: the router keeps no rule by it. */
  readonly access?: string | undefined;
}

/** What `defineSignals` is told of one address, or of all that one with `:name` in it stands for. */
export type Declaration =
  | (Described & {
      /** A stored value, pieces of a continuous signal, or an automation. */
      readonly type: 'param' | 'stream' | 'timeline';
      /**
       * Which values it has. The samples of a stream are one value that is a list of numbers, or each of them is a value; a timeline
       * has a value at each of its keyframes.
       */
      readonly value: ValueSchema;
    })
  | (Described & {
      readonly type: 'event' | 'gesture';
      /** Which values it carries. @default none */
      readonly value?: ValueSchema;
    });

/** Declarations by address. A segment `:name` stands for any text without `/`. */
export type Declarations = Readonly<Record<`/${string}`, Declaration>>;

/** What the compiler does not see to by itself in an argument whose type it infers: keys and fields that mean nothing. */
export type Sound<D> = {
  readonly [K in keyof D]: string extends K
    ? unknown // made by a program: there is nothing to look at
    : K extends `/${string}`
      ? Readonly<Record<Exclude<keyof D[K], Field>, 'a declaration has no such field'>>
      : 'an address begins with "/"';
};

type Field = 'type' | 'value' | 'description' | 'unit' | 'access';

/** Fields of a declaration; anything else is a slip of the pen. */
export const declarationFields: ReadonlySet<string> = new Set<Field>([
  'type',
  'value',
  'description',
  'unit',
  'access',
]);

/** Kinds of signals that are nothing without a value. */
export const kindsWithValue: ReadonlySet<SignalType> = new Set(['param', 'stream', 'timeline']);

/** What a signal of this declaration carries: the schema's input type, undefined where nothing is declared. */
export type CarriedBy<D> = D extends { readonly value: infer S extends ValueSchema }
  ? D extends { readonly type: 'param' }
    ? Exclude<input<S>, undefined> // a param has a value, whatever its schema has a default for
    : input<S>
  : undefined;
