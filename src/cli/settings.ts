import type { RouterOptions } from '../router/router-options.js';
import { parseCommandLine } from './command-line.js';
import { type CommandLine, environmentName, type Flag } from './flag.js';
import { givenText, readOption, type ValueFlag } from './flag-values.js';
import { isOnByDefault, kebab, routerFlags } from './router-flags.js';
import { runFlags } from './run-flags.js';
import { ignoreServiceLinks } from './service-links.js';
import { UsageError } from './usage-error.js';

type ValuesOf<F> = { readonly [K in keyof F]: F[K] extends ValueFlag<infer T> ? T : never };

/** The values of the flags that only the command has. */
export type CommandSettings = ValuesOf<
  (typeof runFlags)['Listeners'] &
    (typeof runFlags)['TLS and web pages'] &
    (typeof runFlags)['Params on disk'] &
    (typeof runFlags)['Tokens'] &
    (typeof runFlags)['Observation']
>;

/** The validated flags of `clasp-router`. */
export interface Settings extends CommandSettings {
  /** The options of the router: those that are given, and those whose default differs in the command. */
  readonly router: RouterOptions;
}

export type Request =
  | {
      readonly kind: 'run';
      readonly settings: Settings;
      /** For the log: the ignored environment variables. */
      readonly warnings: readonly string[];
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

/** The flags that only the command has, by setting. */
export const ownFlags = Object.entries(runFlags).flatMap(([topic, flags]) =>
  Object.entries<ValueFlag<unknown>>(flags).map(([setting, about]) => ({
    setting,
    name: about.name ?? kebab(setting),
    about: { ...about, topic },
  })),
);

/** The command line that runs a router. */
export const runLine: CommandLine = {
  name: 'clasp-router',
  parameters: [],
  flags: {
    ...Object.fromEntries<Flag>([...ownFlags, ...routerFlags].map(({ name, about }) => [name, helpOf(about)])),
    version: { short: 'V', help: 'prints the version' },
  },
};

/**
 * Reads the command line, then the environment for the missing flags.
 *
 * @throws UsageError
 */
export function readSettings(
  args: readonly string[],
  allVariables: Readonly<Record<string, string | undefined>>,
): Request {
  refusePersistFile(args);
  const line = parseCommandLine(runLine, args);
  if (line === undefined) return { kind: 'help' };
  const { given } = line;
  if (given.has('version')) return { kind: 'version' };
  const { environment, warnings } = ignoreServiceLinks(allVariables, portVariables(given));
  const settings: Record<string, unknown> = {};
  for (const { setting, name, about } of ownFlags) {
    const { text, source } = givenText(name, about.fallback, given, environment);
    settings[setting] = about.read(text, source);
  }
  const router: Record<string, unknown> = {};
  for (const { name, option, declared, about } of routerFlags) {
    const { text, source, isDefault } = givenText(name, about.fallback, given, environment);
    if (isDefault && declared.commandDefault === undefined) continue;
    const value = readOption(declared, text, source);
    if (value !== undefined) router[option] = isOnByDefault(declared) ? value === false : value;
  }
  // Each value has been read by its own flag, and accepted by the declaration of its option.
  return { kind: 'run', warnings, settings: implied({ ...settings, router } as unknown as Settings) };
}

/** Adds the settings that others imply. */
function implied(settings: Settings): Settings {
  const { certPath, inspect, inspectRemote, keyPath, tls } = settings;
  return {
    ...settings,
    tls: tls || certPath !== undefined || keyPath !== undefined,
    inspect: inspect || inspectRemote,
  };
}

/** Returns the variables of the port flags that are not on the command line. */
function portVariables(given: ReadonlyMap<string, unknown>): readonly string[] {
  return Object.entries(runLine.flags)
    .filter(([name, { value }]) => value === 'PORT' && !given.has(name))
    .map(([name]) => environmentName(name));
}

/** The default of a switch is not in the help. */
function helpOf({ value, fallback, ...about }: Flag): Flag {
  return value === undefined ? about : { ...about, value, fallback };
}

/**
 * Other CLASP routers have `--persist FILE`.
 *
 * @throws UsageError if the words contain it
 */
function refusePersistFile(words: readonly string[]): void {
  const at = words.findIndex((word) => word === '--persist' || word.startsWith('--persist='));
  const word = words[at];
  if (word === undefined) return;
  const file = word === '--persist' ? words[at + 1] : word.slice('--persist='.length);
  if (file === undefined || file.startsWith('-') || file === 'true' || file === 'false') return;
  throw new UsageError(
    '--persist takes no file: params are stored in the data folder; clasp-router state import FILE reads a file into it',
  );
}
