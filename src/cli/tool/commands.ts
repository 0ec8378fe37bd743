import type { Run } from './context.js';
import { connectionOptions, type OptionName } from './options.js';

export interface ToolCommand {
  /** The parameters. Brackets: optional. Dots: repeatable. */
  readonly parameters: readonly string[];
  /** One line of help. */
  readonly summary: string;
  /** Further lines in the help of the command. */
  readonly about: readonly string[];
  readonly options: readonly OptionName[];
  /** Loads the command. Only its run needs it. */
  readonly load: () => Promise<Run>;
}

const aboutValues = [
  'VALUE is JSON. A number without a fraction is an Int, with a fraction or an exponent a Float:',
  '1 is an Int, 1.0 a Float. A word that is not JSON is a string: on and \'"on"\' are equal.',
  'Bytes are {"$bytes": "AAE="}.',
];
const aboutPatterns = ['In PATTERN, * is one segment and ** any number. Quote it, because the shell can expand it.'];

/** All commands of the tool, in the order of the help. The parser and the help use this table. */
export const commands = {
  monitor: {
    parameters: ['[PATTERN]'],
    summary: 'prints one line per message, until Ctrl-C',
    about: [
      'The existing params come first, as "held"; then messages as they arrive. The default PATTERN is /**.',
      ...aboutPatterns,
    ],
    options: ['types', 'count', 'json', ...connectionOptions],
    load: async () => (await import('./monitor.js')).monitor,
  },
  set: {
    parameters: ['ADDRESS', 'VALUE'],
    summary: 'writes a param and prints its new revision',
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
    summary: 'lists the announced signals',
    about: [
      'The default PATTERN is /**. Units, ranges and descriptions need --encoding cbor or json;',
      'the binary form has no field for them.',
      ...aboutPatterns,
    ],
    options: ['json', ...connectionOptions],
    load: async () => (await import('./query.js')).query,
  },
  decode: {
    parameters: ['HEX...'],
    summary: 'prints the content of bytes: frames, or a payload',
    about: [
      'Frames can have the length prefix of TCP.',
      'HEX is hexadecimal digits; spaces and colons are ignored. Needs no router.',
    ],
    options: ['json'],
    load: async () => (await import('./decode.js')).decode,
  },
} as const satisfies Record<string, ToolCommand>;

export type CommandName = keyof typeof commands;

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** Returns a command without the narrow types of the table. */
export function commandOf(name: CommandName): ToolCommand {
  return commands[name];
}
