import type { Run } from './context.js';
import { connectionOptions, type OptionName } from './options.js';

export interface ToolCommand {
  /** What stands behind its name. In brackets: may be left out; with dots: may come several times. */
  readonly parameters: readonly string[];
  /** One line. */
  readonly summary: string;
  /** More of it, in the help of the command alone. */
  readonly about: readonly string[];
  readonly options: readonly OptionName[];
  /** The command itself, which nobody loads who does not run it. */
  readonly load: () => Promise<Run>;
}

const aboutValues = [
  'VALUE is JSON. A number without a fraction is an Int and one with a fraction or an exponent a Float: 1 is an',
  'Int, 1.0 a Float. A word that is no JSON is a text: on and \'"on"\' are the same. Bytes are {"$bytes": "AAE="}.',
];
const aboutPatterns = ['In PATTERN * is one segment and ** any number; put it in quotes, or the shell may fill it in.'];

/** Every command of the tool, in the order of the help: what can be called, and what is said about it, is made of this. */
export const commands = {
  monitor: {
    parameters: ['[PATTERN]'],
    summary: 'shows what is sent, a line a message, until Ctrl-C',
    about: [
      'The params there are come first, as "held"; then everything as it happens. PATTERN is /** if left out.',
      ...aboutPatterns,
    ],
    options: ['types', 'count', 'json', ...connectionOptions],
    load: async () => (await import('./monitor.js')).monitor,
  },
  set: {
    parameters: ['ADDRESS', 'VALUE'],
    summary: 'writes a param, and says its new revision',
    about: aboutValues,
    options: ['json', ...connectionOptions],
    load: async () => (await import('./set.js')).set,
  },
  get: {
    parameters: ['ADDRESS'],
    summary: 'prints the value of a param, as JSON',
    about: ['An Int is printed without a fraction, a Float with one.'],
    options: ['json', ...connectionOptions],
    load: async () => (await import('./get.js')).get,
  },
  emit: {
    parameters: ['ADDRESS', '[VALUE]'],
    summary: 'sends an event',
    about: aboutValues,
    options: ['json', ...connectionOptions],
    load: async () => (await import('./emit.js')).emit,
  },
  query: {
    parameters: ['[PATTERN]'],
    summary: 'lists the signals that were announced',
    about: [
      'PATTERN is /** if left out. Units, ranges and descriptions come with --encoding cbor or json; the binary form',
      'has no place for them.',
      ...aboutPatterns,
    ],
    options: ['json', ...connectionOptions],
    load: async () => (await import('./query.js')).query,
  },
  decode: {
    parameters: ['HEX...'],
    summary: 'says what bytes are: frames, with or without the length of TCP in front, or a payload alone',
    about: ['HEX is hexadecimal digits; spaces and colons between them do not matter. Needs no router.'],
    options: ['json'],
    load: async () => (await import('./decode.js')).decode,
  },
} as const satisfies Record<string, ToolCommand>;

export type CommandName = keyof typeof commands;

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** A command without the narrow types of the table. */
export function commandOf(name: CommandName): ToolCommand {
  return commands[name];
}
