import { environmentName } from '../settings.js';
import { type CommandName, commandOf, commands } from './commands.js';
import { optionOf } from './options.js';

/** Returns a row for each command: its usage and its summary. */
export function commandRows(): readonly { readonly left: string; readonly right: string }[] {
  return Object.entries(commands).map(([name, { parameters, summary }]) => ({
    left: [name, ...parameters].join(' '),
    right: summary,
  }));
}

/** Returns the text of `--help` for one command. */
export function toolHelp(name: CommandName): string {
  const { parameters, summary, about, options } = commandOf(name);
  const rows = options.map((option) => {
    const { value, fallback, help } = optionOf(option);
    return {
      left: `  --${option}${value === undefined ? '' : ` ${value}`}`,
      right: `${help}${fallback === undefined ? '' : ` (${fallback})`}`,
    };
  });
  const variables = options.filter((option) => optionOf(option).inEnvironment).map(environmentName);
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return [
    `Usage: ${['clasp-router', name, ...parameters].join(' ')} [options]`,
    '',
    `${name} ${summary}.`,
    ...about,
    '',
    ...rows.map(({ left, right }) => left.padEnd(width) + right),
    '',
    ...(variables.length === 0
      ? []
      : [`Environment variables: ${variables.join(', ')}. The command line has precedence.`]),
    'Exit codes: 0 success; 1 user error; 2 refused by the router; 3 no router, connection lost, or no answer in time.',
    '',
  ].join('\n');
}
