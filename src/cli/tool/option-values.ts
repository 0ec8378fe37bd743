import { signalTypes, type SignalType } from '../../protocol/enumerations.js';
import { environmentName } from '../flag.js';
import { UsageError } from '../usage-error.js';
import { type OptionName, optionOf } from './options.js';

/** The maximum timeout in seconds: an hour. */
const MAX_TIMEOUT_SECONDS = 3_600;

const encodings = ['binary', 'cbor', 'json'] as const;

/** The value of an option and its source, for error messages. */
export interface Given {
  readonly text: string;
  readonly source: string;
}

/**
 * The options of one call: from the command line, else the environment, else the default. Validated when they are read.
 */
export class OptionValues {
  readonly #given: ReadonlyMap<OptionName, string>;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  /** @param given the options of the command line; a switch is present or absent */
  constructor(given: ReadonlyMap<OptionName, string>, environment: Readonly<Record<string, string | undefined>>) {
    this.#given = given;
    this.#environment = environment;
  }

  get asJson(): boolean {
    return this.#given.has('json');
  }

  /** Undefined means all. @throws UsageError */
  get types(): readonly SignalType[] | undefined {
    const list = this.#find('types');
    return list?.text.split(',').map((one) => oneOf({ ...list, text: one.trim() }, signalTypes));
  }

  /** Undefined means unlimited. @throws UsageError */
  get count(): number | undefined {
    const count = this.#find('count');
    if (count === undefined) return undefined;
    if (/^\d{1,15}$/.test(count.text) && Number(count.text) > 0) return Number(count.text);
    throw new UsageError(`${count.source} must be a whole number, 1 or more, not "${count.text}"`);
  }

  /** Whole milliseconds. @throws UsageError */
  get timeoutMs(): number {
    const { text, source } = this.#get('timeout');
    const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
    if (seconds > 0 && seconds <= MAX_TIMEOUT_SECONDS) return Math.ceil(seconds * 1_000);
    throw new UsageError(`${source} must be seconds, more than 0 and at most ${MAX_TIMEOUT_SECONDS}, not "${text}"`);
  }

  /** @throws UsageError */
  get encoding(): (typeof encodings)[number] {
    return oneOf(this.#get('encoding'), encodings);
  }

  get url(): Given {
    return this.#get('url');
  }

  get token(): string | undefined {
    return this.#find('token')?.text;
  }

  get caFile(): Given | undefined {
    return this.#find('ca');
  }

  get servername(): string | undefined {
    return this.#find('servername')?.text;
  }

  #get(name: OptionName): Given {
    const fallback = { text: optionOf(name).fallback ?? '', source: `--${name}` };
    return this.#find(name) ?? fallback;
  }

  #find(name: OptionName): Given | undefined {
    const text = this.#given.get(name);
    if (text === '') throw new UsageError(`--${name} must not be empty`);
    if (text !== undefined) return { text, source: `--${name}` };
    if (optionOf(name).inEnvironment === undefined) return undefined;
    const variable = environmentName(name);
    const fromEnvironment = this.#environment[variable];
    if (fromEnvironment === undefined || fromEnvironment === '') return undefined;
    return { text: fromEnvironment, source: variable };
  }
}

function oneOf<T extends string>({ text, source }: Given, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text);
  if (choice === undefined) throw new UsageError(`${source} must be one of ${choices.join(', ')}, not "${text}"`);
  return choice;
}
