import { didYouMean } from '../../util/did-you-mean.js';
import { parseCommandLine } from '../command-line.js';
import type { CommandLine } from '../flag.js';
import { UsageError } from '../usage-error.js';
import { type CommandName, commandOf, commands, isCommandName } from './commands.js';
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

/**
 * Reads a command line whose first word is not a flag of the router.
 *
 * @throws UsageError
 */
export function readToolRequest([name = '', ...words]: readonly string[]): ToolRequest {
  if (!isCommandName(name)) {
    // `token` and `state` have their own command lines.
    const near = didYouMean(name, [...Object.keys(commands), 'token', 'state']);
    const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
    throw new UsageError(`unknown command "${name}"${meant}; see clasp-router --help`);
  }
  const line = parseCommandLine(toolLine(name), words);
  if (line === undefined) return { kind: 'help', command: name };
  const given = new Map<OptionName, string>();
  for (const option of commandOf(name).options) {
    const text = line.given.get(option)?.at(-1);
    if (text !== undefined) given.set(option, text);
  }
  return { kind: 'run', command: name, args: line.args, given };
}

/** Returns the command line of a command of the tool. */
export function toolLine(name: CommandName): CommandLine {
  const { parameters, options } = commandOf(name);
  const flags = Object.fromEntries(options.map((option) => [option, optionOf(option)]));
  return { name: `clasp-router ${name}`, parameters, flags };
}
