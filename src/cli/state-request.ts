import { parsePattern } from '../protocol/pattern.js';
import { ClaspError } from '../protocol/errors.js';
import { didYouMean } from '../util/did-you-mean.js';
import { parseCommandLine } from './command-line.js';
import { type CommandLine, environmentName, type Flag } from './flag.js';
import { checkedInstance } from './persistence.js';
import { runFlags } from './run-flags.js';
import { UsageError } from './usage-error.js';

/** Where a store is. */
export interface StorePlace {
  /** undefined: the usual folder. */
  readonly dataDir: string | undefined;
  readonly instance: string;
}

/** The validated command line of `clasp-router state`. */
export type StateRequest =
  | { readonly kind: 'help'; readonly command: StateCommandName | undefined }
  | ({ readonly kind: 'list' } & StorePlace)
  | ({ readonly kind: 'verify' } & StorePlace)
  | ({
      readonly kind: 'export';
      readonly pattern: string;
      /** A kept state; undefined: the current one. */
      readonly state: string | undefined;
    } & StorePlace)
  | ({ readonly kind: 'restore'; readonly state: string } & StorePlace)
  | ({
      readonly kind: 'import';
      readonly file: string;
      /** Whether other params stay. */
      readonly isMerged: boolean;
    } & StorePlace);

interface StateCommand {
  /** The argument of the command. */
  readonly argument?: string;
  readonly help: string;
  readonly options: Readonly<Record<string, Flag>>;
}

const place = {
  'data-dir': { value: 'DIR', inEnvironment: true, help: 'data folder of the router; default: the usual folder' },
  instance: {
    value: 'NAME',
    inEnvironment: true,
    fallback: runFlags.Listeners.port.fallback,
    help: 'name of the store: the port of the router, or its --instance',
  },
} as const satisfies Record<string, Flag>;

/** All commands with their options, in the order of the help. */
export const stateCommands = {
  list: { help: 'lists the current state and the kept ones, also while a router runs', options: place },
  verify: {
    help: 'checks each file; exit code 0: whole, or torn at its end; 1: damaged; 2: not readable',
    options: place,
  },
  export: {
    help: 'prints a state as JSON, also while a router runs',
    options: {
      pattern: { value: 'PATTERN', fallback: '/**', help: 'prints only addresses that match' },
      state: { value: 'NAME', help: 'a kept state instead of the current one; state list shows them' },
      ...place,
    },
  },
  restore: {
    argument: 'NAME',
    help: 'makes a kept state the current one and keeps the present one; the router must be stopped',
    options: place,
  },
  import: {
    argument: 'FILE',
    help: 'makes the state in a JSON file the current one and keeps the present one; the router must be stopped',
    options: { merge: { help: 'keeps params and signals that are not in the file' }, ...place },
  },
} as const satisfies Record<string, StateCommand>;

export type StateCommandName = keyof typeof stateCommands;

export const stateCommandNames: readonly StateCommandName[] = ['list', 'verify', 'export', 'restore', 'import'];

/**
 * Reads the arguments after `clasp-router state`.
 *
 * @param environment CLASP_DATA_DIR and CLASP_INSTANCE replace missing flags, as for the router itself
 * @throws UsageError
 */
export function readStateRequest(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): StateRequest {
  const [name, ...rest] = args;
  const known = stateCommandNames.join(', ');
  if (name === undefined) throw new UsageError(`state needs a command: ${known}; see clasp-router state -h`);
  if (name === '--help' || name === '-h') return { kind: 'help', command: undefined };
  if (!isCommand(name)) {
    const near = didYouMean(name, stateCommandNames);
    throw new UsageError(`unknown command state ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`);
  }
  const line = parseCommandLine(stateLine(name), rest);
  if (line === undefined) return { kind: 'help', command: name };
  const text = (flag: string): string | undefined => line.given.get(flag)?.at(-1);
  const orVariable = (flag: string): string | undefined => {
    const value = text(flag) ?? environment[environmentName(flag)];
    return value === '' || value === 'off' ? undefined : value;
  };
  const where: StorePlace = {
    dataDir: orVariable('data-dir'),
    instance: checkedInstance(orVariable('instance') ?? place.instance.fallback),
  };
  switch (name) {
    case 'list':
    case 'verify':
      return { kind: name, ...where };
    case 'export': {
      const state = text('state');
      return {
        kind: 'export',
        pattern: checkedPattern(text('pattern') ?? '/**'),
        state: state === undefined ? undefined : checkedStateName(state),
        ...where,
      };
    }
    case 'restore':
      return { kind: 'restore', state: checkedStateName(line.args[0] ?? ''), ...where };
    case 'import':
      return { kind: 'import', file: line.args[0] ?? '', isMerged: line.given.has('merge'), ...where };
  }
}

function isCommand(name: string): name is StateCommandName {
  return Object.hasOwn(stateCommands, name);
}

/** Returns the command line of a command. */
export function stateLine(name: StateCommandName): CommandLine {
  const { argument, options }: StateCommand = stateCommands[name];
  return { name: `clasp-router state ${name}`, parameters: argument === undefined ? [] : [argument], flags: options };
}

function checkedPattern(text: string): string {
  try {
    return parsePattern(text);
  } catch (error) {
    throw error instanceof ClaspError ? new UsageError(`--pattern: ${error.message}`) : error;
  }
}

/** A name that is one folder of the kept states. */
function checkedStateName(name: string): string {
  if (/^[0-9A-Za-z][\w.-]{0,127}$/.test(name)) return name;
  throw new UsageError('the name of a state has letters, digits, dots and dashes; clasp-router state list shows it');
}
