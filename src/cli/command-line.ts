import { Command, CommanderError, Option } from 'commander';
import { didYouMean } from '../util/did-you-mean.js';
import type { CommandLine, Flag } from './flag.js';
import { UsageError } from './usage-error.js';

/** Columns of the help. It does not depend on the terminal, so that its text is always the same. */
const HELP_WIDTH = 100;

/** The parsed words of a command line. */
export interface ParsedLine {
  /** The arguments that are not flags. Their number matches the parameters of the command. */
  readonly args: readonly string[];
  /** The given flags in the order of the words; a switch has the text `true`. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/**
 * Parses the words after the name of a command.
 *
 * @returns undefined if the help is requested
 * @throws UsageError
 */
export function parseCommandLine(line: CommandLine, words: readonly string[]): ParsedLine | undefined {
  const given = new Map<string, string[]>();
  const command = build(line);
  for (const [name, { value }] of Object.entries<Pick<Flag, 'value'>>({ ...line.flags, help: {} })) {
    command.on(`option:${name}`, (text: string | null) => {
      given.set(name, [...(given.get(name) ?? []), value === undefined ? 'true' : (text ?? '')]);
    });
  }
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? new UsageError(sentence(line, error)) : error;
  }
  if (given.has('help')) return undefined;
  checkCount(line, command.args);
  return { args: command.args, given };
}

/** Returns the usage and all flags by topic. */
export function flagHelp(line: CommandLine, usage: string): string {
  return build(line).usage(usage).helpInformation();
}

function build({ name, flags }: CommandLine): Command {
  const command = new Command(name)
    .argument('[words...]')
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined, outputError: () => undefined })
    .configureHelp({ helpWidth: HELP_WIDTH, visibleArguments: () => [], optionTerm });
  for (const [flag, about] of Object.entries(flags)) command.addOption(commanderOption(flag, about));
  return command.addOption(new Option('-h, --help', 'prints this text'));
}

function commanderOption(name: string, { short, value, fallback, topic, help }: Flag): Option {
  const words = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
  const option = new Option(words, fallback === undefined ? help : `${help} (${fallback})`);
  return topic === undefined ? option : option.helpGroup(`${topic}:`);
}

/** Returns a flag for the help. Flags with and without a short form are aligned. */
function optionTerm({ flags, short }: Option): string {
  return `${short === undefined ? '    ' : ''}${flags.replace(/<(.*)>/, '$1')}`;
}

/** Returns one sentence for an error of the parser. */
function sentence({ name, flags }: CommandLine, { code, message }: CommanderError): string {
  const [, quoted = ''] = /'(.*)'/s.exec(message) ?? []; // the parser quotes the word or the flag
  const hint = `see ${name} --help`;
  switch (code) {
    case 'commander.unknownOption': {
      const [word = ''] = quoted.split('=');
      const flag = word.replace(/^--?/, '');
      if (quoted.includes('=') && (flag === 'help' || Object.hasOwn(flags, flag))) return `${word} takes no value`;
      // Every short name is similar to a name of one or two letters.
      const near = flag.length > 2 ? didYouMean(flag, ['help', ...Object.keys(flags)]) : undefined;
      return `unknown option ${word}${near === undefined ? '' : ` (did you mean --${near}?)`}; ${hint}`;
    }
    case 'commander.optionMissingArgument':
      return `${/--[\w-]+/.exec(quoted)?.[0] ?? quoted} needs a value; ${hint}`;
    default:
      return `${message.replace(/^error: /, '')}; ${hint}`;
  }
}

function checkCount({ name, parameters }: CommandLine, args: readonly string[]): void {
  const missing = parameters.slice(args.length).find((parameter) => !parameter.startsWith('['));
  if (missing !== undefined) {
    const [, ...command] = name.split(' ');
    throw new UsageError(`${command.join(' ')} needs ${missing.replace('...', '')}; see ${name} --help`);
  }
  const surplus = parameters.some((parameter) => parameter.endsWith('...')) ? undefined : args[parameters.length];
  if (surplus === undefined) return;
  const quote = parameters.length > 0 ? 'quote an argument with spaces, ' : '';
  throw new UsageError(`unexpected argument "${surplus}"; ${quote}see ${name} --help`);
}
