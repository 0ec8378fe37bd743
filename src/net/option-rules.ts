import { ArgumentError, check, checkFlag, checkNames, checkText, hasMethods, isObject } from '../util/arguments.js';

/**
 * Validates the value of one option. Not called for an absent option.
 *
 * @throws ArgumentError that names the option
 */
export type OptionRule = (name: string, value: unknown) => void;

/** One rule per option of a transport. */
export type OptionRules<T extends object> = Readonly<Record<keyof T & string, OptionRule>>;

/**
 * Validates the options of a transport for untyped programs. Ranges that depend on the system, such as ports, are
 * checked when it listens.
 *
 * @param call name of the function that takes the options, for the error: `tcp`
 * @param required options without a default
 * @throws ArgumentError about the first option that is missing, unknown or invalid
 */
export function checkOptions<T extends object>(
  call: string,
  options: T,
  rules: OptionRules<T>,
  required: readonly (keyof T & string)[] = [],
): void {
  const entries: readonly (readonly [string, OptionRule])[] = Object.entries(rules);
  checkNames(
    call,
    options,
    entries.map(([name]) => name),
  );
  for (const [name, rule] of entries) {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined) rule(`${name} of ${call}`, value);
    else if (required.some((one) => one === name)) throw new ArgumentError(`${call} requires the option ${name}`);
  }
}

/** A whole number. 0 is valid where it has a meaning. */
export const count: OptionRule = (name, value) => {
  check(Number.isSafeInteger(value) && Number(value) >= 0, name, 'be a whole number from 0', value);
};

export const positive: OptionRule = (name, value) => {
  check(Number.isSafeInteger(value) && Number(value) >= 1, name, 'be a whole number from 1', value);
};

/** Milliseconds; fractions are allowed. */
export const duration: OptionRule = (name, value) => {
  check(typeof value === 'number' && value >= 0, name, 'be a number of milliseconds from 0', value);
};

export const rate: OptionRule = (name, value) => {
  check(typeof value === 'number' && value >= 0, name, 'be a number per second from 0', value);
};

export const ratio: OptionRule = (name, value) => {
  check(typeof value === 'number' && value >= 0 && value <= 1, name, 'be a number from 0 to 1', value);
};

/** Permissions of a file. The system checks their range. */
export const fileMode: OptionRule = (name, value) => {
  check(typeof value === 'number', name, 'be a number such as 0o600', value);
};

export const flag: OptionRule = checkFlag;

export const text: OptionRule = (name, value) => {
  checkText(name, value);
  check(value !== '', name, 'have at least one character', value);
};

export const texts: OptionRule = (name, value) => {
  const areTexts = Array.isArray(value) && value.every((item) => typeof item === 'string');
  check(areTexts, name, 'be a list of strings', value);
};

export const callback: OptionRule = (name, value) => {
  check(typeof value === 'function', name, 'be a function', value);
};

export const clock: OptionRule = (name, value) => {
  const must = 'have the methods now, setTimeout and clearTimeout';
  check(hasMethods(value, ['now', 'setTimeout', 'clearTimeout']), name, must, value);
};

/** See `TlsSource`. */
export const tls: OptionRule = (name, value) => {
  const { credentials, renewed$ } = isObject(value) ? value : {};
  const isSource = isObject(credentials) && hasMethods(renewed$, ['subscribe']);
  check(isSource, name, 'be a source of certificates, such as certificateSource() returns', value);
};

/** See `HttpRoute`. */
export const routes: OptionRule = (name, value) => {
  check(Array.isArray(value), name, 'be a list of routes', value);
  const given: readonly unknown[] = Array.isArray(value) ? value : [];
  for (const route of given) {
    check(isObject(route), `each of the ${name}`, 'be an object with the method answer or upgrade', route);
    for (const method of ['answer', 'upgrade']) {
      const called: unknown = Reflect.get(Object(route) as object, method);
      if (called !== undefined) callback(`${method} of a route of ${name}`, called);
    }
  }
};

/** Rules for `ListenLimits`. */
export const listenLimitRules = {
  handshakeMs: duration,
  maxHalfOpen: count,
  maxHalfOpenPerAddress: count,
  connectsPerSecond: rate,
  maxConnectsPerSecond: rate,
  maxWaiting: count,
  maxWaitingPerAddress: count,
} as const;
