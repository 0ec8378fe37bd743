import { formatValue } from './arguments.js';
import { didYouMean } from './did-you-mean.js';

/** The kind of value of an option. The command reads texts by it; an object can be set only by a program. */
export type OptionForm =
  | NumberForm
  | { readonly kind: 'switch' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'text' }
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | { readonly kind: 'object'; readonly type: string };

export type Unit = 'bytes' | 'seconds' | 'milliseconds';

export interface NumberForm {
  readonly kind: 'number';
  readonly unit: Unit | undefined;
  readonly isWhole: boolean;
  readonly least: number;
  /** Whether the value must be greater than `least`. */
  readonly isAbove: boolean;
  readonly most: number | undefined;
}

/** The value of an option that is not set. */
export type OptionDefault<Out> =
  | { readonly kind: 'value'; readonly value: Out; readonly text?: string }
  /** A share of the memory budget: 1 of `parts`, at most `most` bytes. */
  | { readonly kind: 'share'; readonly parts: number; readonly most: number }
  /** The value depends on other options or on the computer; `text` describes it. */
  | { readonly kind: 'derived'; readonly text: string; readonly of: (facts: DefaultFacts) => Out };

/** The values of other options on which a default can depend. */
export interface DefaultFacts {
  readonly maxMemoryBytes: number;
  readonly isAuthenticated: boolean;
}

/**
 * The declaration of an option, in the component that uses it. `createRouter`, the command, `--help` and
 * `docs/reference/options.md` derive from it.
 */
export interface Option<In, Out = In> extends AnyOption {
  readonly default: OptionDefault<Out>;
  readonly commandDefault?: In | undefined;
  accepts(value: unknown): value is In;
  /** Converts an accepted value to its internal form. */
  read(value: In): Out;
}

/** The declaration of an option with values of any type. */
export interface AnyOption {
  readonly form: OptionForm;
  /** English text for editors, the reference page and, its first sentence, `--help`. */
  readonly doc: string;
  /** Completes "`name` must ..., not ...". */
  readonly must: string;
  readonly default: OptionDefault<unknown>;
  /** The default of the command, if it differs from that of the library. */
  readonly commandDefault?: unknown;
  accepts(value: unknown): boolean;
  read(value: never): unknown;
}

export type OptionSlice = Readonly<Record<string, AnyOption>>;

type InputOf<O> = O extends { accepts(value: unknown): value is infer In } ? In : never;
type ValueOf<O> = O extends { read(value: never): infer Out } ? Out : never;

/** The options of a slice as a caller gives them; undefined selects the default. */
export type OptionInputs<S> = { readonly [K in keyof S]?: InputOf<S[K]> | undefined };
/** The resolved options of a slice. */
export type OptionValues<S> = { readonly [K in keyof S]: ValueOf<S[K]> };

interface Common<T> {
  readonly default: T;
  readonly doc: string;
  readonly commandDefault?: T;
}
interface Derived<T> {
  readonly derived: { readonly text: string; readonly of: (facts: DefaultFacts) => T };
  readonly doc: string;
}
interface Shared {
  /** 1 of this number of parts of the memory budget. */
  readonly share: number;
  readonly shareAtMost?: number;
  readonly doc: string;
}
interface Range {
  readonly least?: number;
  readonly most?: number;
}

/** Functions that declare options, by kind of value. */
export const option = {
  /** A whole number. */
  count: (about: (Common<number> | Derived<number>) & Range): Option<number> => number(about, undefined, true),
  bytes: (about: (Common<number> | Derived<number> | Shared) & Range): Option<number> => number(about, 'bytes', true),
  /** Seconds, with a fraction or without. `above` excludes the value itself. */
  seconds: (about: Common<number> & { readonly most: number; readonly above?: number }): Option<number> =>
    number(about, 'seconds', false),
  milliseconds: (about: Common<number> & { readonly most: number }): Option<number> =>
    number(about, 'milliseconds', false),

  flag: (about: Common<boolean>): Option<boolean> => ({
    ...described<boolean>(about),
    form: { kind: 'switch' },
    must: 'be true or false',
    accepts: (value): value is boolean => typeof value === 'boolean',
  }),

  choice: <const T extends string>(about: (Common<T> | Derived<T>) & { readonly values: readonly T[] }): Option<T> => ({
    ...described<T>(about),
    form: { kind: 'choice', values: about.values },
    must: `be ${about.values.map((value) => `"${value}"`).join(' or ')}`,
    accepts: (value): value is T => about.values.some((allowed) => allowed === value),
  }),

  text: (about: Common<string> & { readonly maxLength: number }): Option<string> => ({
    ...described<string>(about),
    form: { kind: 'text' },
    must: `be a text of 1 to ${about.maxLength} characters`,
    accepts: (value): value is string =>
      typeof value === 'string' && value.length >= 1 && value.length <= about.maxLength,
  }),

  /** Any of some words. */
  list: <const T extends string>(
    about: Common<readonly T[]> & { readonly values: readonly T[]; readonly defaultText: string },
  ): Option<readonly T[]> => ({
    ...described<readonly T[]>(about, about.defaultText),
    form: { kind: 'list', values: about.values },
    must: `be a list of ${about.values.join(', ')}`,
    accepts: (value): value is readonly T[] =>
      Array.isArray(value) && value.every((item) => about.values.some((allowed) => allowed === item)),
  }),

  /** An object of the program, such as a logger. `type` is the TypeScript type, an exported name. */
  object: <T>(about: ObjectOption & { readonly default: T; readonly defaultText: string }): Option<T> => ({
    ...described<T>(about, about.defaultText),
    ...ofProgram(about),
  }),

  /** An object of the program without a default. */
  optional: <T>(about: ObjectOption & { readonly defaultText: string }): Option<T, T | undefined> => ({
    ...ofProgram<T>(about),
    doc: about.doc,
    default: { kind: 'value', value: undefined, text: about.defaultText },
    read: (value) => value,
  }),

  /** An object of the program with an internal form. */
  converted: <In, Out>(
    about: ObjectOption & {
      readonly default: Out;
      readonly defaultText: string;
      readonly read: (value: In) => Out;
    },
  ): Option<In, Out> => ({
    ...ofProgram<In>(about),
    doc: about.doc,
    default: { kind: 'value', value: about.default, text: about.defaultText },
    read: about.read,
  }),
};

interface ObjectOption {
  readonly type: string;
  readonly must: string;
  readonly accepts: (value: unknown) => boolean;
  readonly doc: string;
}

function ofProgram<T>({ type, must, accepts }: ObjectOption): Pick<Option<T>, 'form' | 'must' | 'accepts'> {
  // The declaration states the type that `accepts` checks.
  return { form: { kind: 'object', type }, must, accepts: (value): value is T => accepts(value) };
}

function described<T>(
  about: Common<T> | Derived<T>,
  text?: string,
): Pick<Option<T>, 'doc' | 'default' | 'commandDefault' | 'read'> {
  const { doc } = about;
  const read = (value: T): T => value;
  if ('derived' in about) return { doc, default: { kind: 'derived', ...about.derived }, read };
  return {
    doc,
    default: { kind: 'value', value: about.default, ...(text !== undefined && { text }) },
    commandDefault: about.commandDefault,
    read,
  };
}

function number(
  about: (Common<number> | Derived<number> | Shared) & Range & { readonly above?: number },
  unit: Unit | undefined,
  isWhole: boolean,
): Option<number> {
  const { above, least = above ?? 0, most } = about;
  const isAbove = above !== undefined;
  return {
    ...('share' in about
      ? {
          doc: about.doc,
          default: { kind: 'share', parts: about.share, most: about.shareAtMost ?? Infinity } as const,
          read: (value: number) => value,
        }
      : described<number>(about)),
    form: { kind: 'number', unit, isWhole, least, isAbove, most },
    must: mustBe(unit, isWhole, isAbove, least, most),
    accepts: (value): value is number =>
      typeof value === 'number' &&
      (!isWhole || Number.isSafeInteger(value)) &&
      (isAbove ? value > least : value >= least) &&
      value <= (most ?? Infinity),
  };
}

function mustBe(unit: Unit | undefined, isWhole: boolean, isAbove: boolean, least: number, most?: number): string {
  const kind = isWhole ? 'be a whole number' : 'be a number';
  if (most === undefined) return `${kind} of at least ${least}`;
  const range = isAbove ? `above ${least} and at most ${most}` : `from ${least} to ${most}`;
  return unit === undefined ? `${kind} ${range}` : `${kind} of ${unit} ${range}`;
}

/** Returns the first mistake in given options as one sentence; undefined if all are right. */
export function optionFault(slice: OptionSlice, given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return 'the options must be an object';
  for (const name in given) {
    const value: unknown = Reflect.get(given, name);
    const declared = Object.hasOwn(slice, name) ? slice[name] : undefined;
    if (declared === undefined) {
      const meant = didYouMean(name, Object.keys(slice));
      return `unknown option "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
    }
    if (value !== undefined && !declared.accepts(value))
      return `${name} must ${declared.must}, not ${formatValue(value)}`;
  }
  return undefined;
}

/** Returns the options of a slice with all defaults. @param given without a fault */
export function resolveOptions<S extends OptionSlice>(
  slice: S,
  given: OptionInputs<S>,
  facts: DefaultFacts,
): OptionValues<S> {
  const values: Record<string, unknown> = {};
  for (const [name, declared] of Object.entries(slice)) {
    const value: unknown = given[name];
    // `optionFault` has accepted the value.
    values[name] = value === undefined ? defaultOf(declared, facts) : declared.read(value as never);
  }
  return values as OptionValues<S>; // an entry per declaration, each in the form that the declaration gives
}

/** Returns the value of an option that is not set. */
export function defaultOf(declared: AnyOption, facts: DefaultFacts): unknown {
  const value = declared.default;
  switch (value.kind) {
    case 'value':
      return value.value;
    case 'share':
      return Math.floor(Math.min(facts.maxMemoryBytes / value.parts, value.most));
    case 'derived':
      return value.of(facts);
  }
}

/** Returns the options of one slice from those of several. */
export function sliceOf<S extends OptionSlice>(slice: S, values: OptionValues<NoInfer<S>>): OptionValues<S> {
  // An entry per declaration.
  return Object.fromEntries(Object.keys(slice).map((name) => [name, values[name]])) as OptionValues<S>;
}
