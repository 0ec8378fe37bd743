import { parseArgs } from 'node:util';
import { didYouMean } from '../../util/did-you-mean.js';
import { UsageError } from '../settings.js';
import { type CommandName, commandOf, commands, isCommandName, type ToolCommand } from './commands.js';
import { type OptionName, optionOf } from './options.js';

/** The validated command line of the tool. */
export type ToolRequest =
  | { readonly kind: 'help'; readonly command: CommandName }
  | {
      readonly kind: 'run';
      readonly command: CommandName;
      readonly args: readonly string[];
      /** A switch is present or absent. */
      readonly given: ReadonlyMap<OptionName, string>;
    };

/** A negative number, which looks like an option. */
const negativeNumber = /^-\.?\d/;

/**
 * Reads a command line whose first word is not a flag of the router.
 *
 * @throws UsageError
 */
export function readToolRequest([name = '', ...rest]: readonly string[]): ToolRequest {
  if (!isCommandName(name)) {
    // `token` has its own table.
    const near = didYouMean(name, [...Object.keys(commands), 'token']);
    const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
    throw new UsageError(`unknown command "${name}"${meant}; see clasp-router --help`);
  }
  const command = commandOf(name);
  const { args, given } = parse(name, command, rest);
  if (given.has('help')) return { kind: 'help', command: name };
  checkCount(name, command, args);
  // All others are its options.
  return { kind: 'run', command: name, args, given: given as ReadonlyMap<OptionName, string> };
}

function parse(
  name: CommandName,
  command: ToolCommand,
  words: readonly string[],
): { readonly args: readonly string[]; readonly given: ReadonlyMap<OptionName | 'help', string> } {
  const known = new Map<string, OptionName | 'help'>([
    ['help', 'help'],
    ...command.options.map((one) => [one, one] as const),
  ]);
  const takesValue = (option: OptionName | 'help'): boolean =>
    option !== 'help' && optionOf(option).value !== undefined;
  const options = Object.fromEntries(
    [...known.values()].map((option) => [
      option,
      { type: takesValue(option) ? 'string' : 'boolean', ...(option === 'help' && { short: 'h' }) } as const,
    ]),
  );
  // Not strict, so that the errors have our own sentences.
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });
  /** By position: -12 yields two tokens. */
  const args = new Map<number, string>();
  const given = new Map<OptionName | 'help', string>();
  for (const token of tokens) {
    const word = words[token.index]!; // each token has a word
    if (token.kind === 'positional') args.set(token.index, token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    if (option === undefined) {
      if (negativeNumber.test(word)) {
        args.set(token.index, word);
        continue;
      }
      // Every short name is similar to a name of one or two letters.
      const near = token.name.length > 2 ? didYouMean(token.name, [...known.keys()]) : undefined;
      const meant = near === undefined ? '' : ` (did you mean --${near}?)`;
      throw new UsageError(`unknown option ${token.rawName}${meant}; see clasp-router ${name} --help`);
    }
    if (takesValue(option) && token.value === undefined) throw new UsageError(`${token.rawName} needs a value`);
    if (!takesValue(option) && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
    given.set(option, token.value ?? '');
  }
  return { args: [...args.values()], given };
}

function checkCount(name: CommandName, { parameters }: ToolCommand, args: readonly string[]): void {
  const missing = parameters.slice(args.length).find((parameter) => !parameter.startsWith('['));
  if (missing !== undefined) {
    throw new UsageError(`${name} needs ${missing.replace('...', '')}; see clasp-router ${name} --help`);
  }
  const surplus = parameters.some((parameter) => parameter.endsWith('...')) ? undefined : args[parameters.length];
  if (surplus === undefined) return;
  throw new UsageError(
    `unexpected argument "${surplus}"; quote an argument with spaces, see clasp-router ${name} --help`,
  );
}
