import type { Logger } from '../core/ports.js';
import { describeOption, type DescribeOption } from '../util/describe-option.js';
import { isPlain } from './plain-errors.js';
import { routerFlags } from './router-flags.js';
import { ownFlags } from './settings.js';
import { UsageError } from './usage-error.js';

/** Flags by the name of an option of the library. */
export type FlagNames = ReadonlyMap<string, string>;

/** The flags that set options of the library. */
const flagNames: FlagNames = new Map([
  ...ownFlags.map(({ setting, name }) => [setting, name] as const),
  ...routerFlags.map(({ option, name }) => [option, name] as const),
  ['isRemote', 'inspect-remote'],
]);

/**
 * Replaces the names of options in a text of the library by those of the flags: `the option maxSessions` becomes
 * `--max-sessions`.
 *
 * @param own the flags of one transport or service, whose options have the same names as those of others
 */
export function inFlags(text: string, own: FlagNames = new Map()): string {
  return text.replaceAll(/\bthe option (\w+)/g, (phrase: string, option: string) => {
    const flag = own.get(option) ?? flagNames.get(option);
    return flag === undefined ? phrase : `--${flag}`;
  });
}

/** Names an option by its flag, for the texts of listeners and services: `--allow-host` for `allowHosts`. */
export const describeFlag: DescribeOption = (name) => inFlags(describeOption(name));

/** Returns a user error with the names of flags; other errors are returned unchanged. */
export function errorInFlags(error: unknown, own?: FlagNames): unknown {
  if (!isPlain(error)) return error;
  const text = inFlags(error.message, own);
  return text === error.message ? error : new UsageError(text, { cause: error });
}

/** Returns a logger whose messages name flags. */
export function loggerInFlags(logger: Logger): Logger {
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      logger[level](fields, inFlags(message));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
