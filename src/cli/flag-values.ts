import type { AnyOption } from '../util/option.js';
import { environmentName, type Flag } from './flag.js';
import { UsageError } from './usage-error.js';

/** The value of a flag that is not set. */
export const OFF = 'off';
/** The default depends on other options or on the computer; the router selects it. */
export const AUTO = 'auto';

/** A flag with a value of type T in the settings. */
export interface ValueFlag<T> extends Flag {
  /** @default the name of the setting, as `tcp-port` for `tcpPort` */
  readonly name?: string | undefined;
  readonly fallback: string;
  /** @param source the flag or the variable, for error messages @throws UsageError */
  readonly read: (text: string, source: string) => T;
}

interface About {
  readonly name?: string;
  readonly short?: string;
  readonly value: string;
  readonly help: string;
}

interface NumberAbout extends About {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
}

/** Functions that declare the flags that only the command has, by kind of value. */
export const flag = {
  port: (about: Omit<About, 'value'> & { readonly fallback: number }): ValueFlag<number> => ({
    ...about,
    value: 'PORT',
    fallback: String(about.fallback),
    read: readPort,
  }),
  optionalPort: (about: Omit<About, 'value'>): ValueFlag<number | undefined> => ({
    ...about,
    value: 'PORT',
    fallback: OFF,
    read: (text, source) => (text === OFF ? undefined : readPort(text, source)),
  }),
  on: (about: Omit<About, 'value'>): ValueFlag<boolean> => ({ ...about, fallback: 'false', read: isOn }),
  /** A switch that turns something off. */
  notOff: (about: Omit<About, 'value'>): ValueFlag<boolean> => ({
    ...about,
    fallback: 'false',
    read: (text, source) => !isOn(text, source),
  }),
  text: (about: About & { readonly fallback: string; readonly maxLength: number }): ValueFlag<string> => ({
    ...about,
    read: (text, source) => nonEmpty(text, source, about.maxLength),
  }),
  optionalText: (about: About): ValueFlag<string | undefined> => ({ ...about, fallback: OFF, read: optional }),
  /** Texts, separated by commas. */
  list: (about: About): ValueFlag<readonly string[]> => ({
    ...about,
    fallback: OFF,
    read: (text, source) =>
      (optional(text, source)?.split(',') ?? []).map((one) => nonEmpty(one.trim(), source, MAX_TEXT)),
  }),
  number: (about: NumberAbout): ValueFlag<number> => ({
    ...about,
    fallback: String(about.fallback),
    read: (text, source) => readNumber(text, source, about),
  }),
  choice: <const T extends string>(
    about: About & { readonly values: readonly T[]; readonly fallback: T },
  ): ValueFlag<T> => ({
    ...about,
    help: `${about.help}${about.values.join(', ')}`,
    read: (text, source) => oneOf(text, source, about.values),
  }),
};

/** Maximum characters of a path or a URL. */
const MAX_TEXT = 4_096;
const MAX_PORT = 65_535;

/**
 * Reads the text of a router option.
 *
 * @returns undefined for `auto`: the default of the router
 * @throws UsageError
 */
export function readOption(declared: AnyOption, text: string, source: string): unknown {
  if (text === AUTO && declared.default.kind !== 'value') return undefined;
  const value = parsed(declared, text, source);
  if (!declared.accepts(value)) throw new UsageError(`${source} must ${declared.must}, not "${clipped(text)}"`);
  return value;
}

function parsed({ form }: AnyOption, text: string, source: string): unknown {
  switch (form.kind) {
    case 'number':
      return /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    case 'switch':
      return isOn(text, source);
    case 'list':
      return text === '' ? [] : text.split(',').map((one) => one.trim());
    case 'choice':
    case 'text':
      return text;
    case 'object':
      return undefined; // no flag
  }
}

/** A flag that is set: on the command line, in the environment, or by default. */
export function givenText(
  name: string,
  fallback: string,
  given: ReadonlyMap<string, readonly string[]>,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly text: string; readonly source: string; readonly isDefault: boolean } {
  const fromArgs = given.get(name)?.at(-1);
  if (fromArgs !== undefined) return { text: fromArgs, source: `--${name}`, isDefault: false };
  const variable = environmentName(name);
  const fromEnvironment = environment[variable];
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    return { text: fromEnvironment, source: variable, isDefault: false };
  }
  return { text: fallback, source: `--${name}`, isDefault: true };
}

function readNumber(text: string, source: string, { min, max }: NumberAbout): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${source} must be a number from ${min} to ${max}, not "${clipped(text)}"`);
}

function readPort(text: string, source: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= MAX_PORT) return port;
  throw new UsageError(`${source} must be a whole number from 0 to ${MAX_PORT}, not "${clipped(text)}"`);
}

function optional(text: string, source: string): string | undefined {
  return text === OFF ? undefined : nonEmpty(text, source, MAX_TEXT);
}

/** Reads a switch of the command line or the environment. */
function isOn(text: string, source: string): boolean {
  const choice = oneOf(text, source, ['true', 'false', '1', '0']);
  return choice === 'true' || choice === '1';
}

function nonEmpty(text: string, source: string, max: number): string {
  if (text === '') throw new UsageError(`${source} must not be empty`);
  if (text.length > max) throw new UsageError(`${source} must have at most ${max} characters, not ${text.length}`);
  return text;
}

function oneOf<T extends string>(text: string, source: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) {
    throw new UsageError(`${source} must be one of ${choices.join(', ')}, not "${clipped(text)}"`);
  }
  return choice;
}

function clipped(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
