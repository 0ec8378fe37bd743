import { environmentName } from '../settings.js';
import { type CommandName, commandOf, commands } from './commands.js';
import { optionOf } from './options.js';

/** A line for each command: what is called, and what it does. */
export function commandRows(): readonly { readonly left: string; readonly right: string }[] {
  return Object.entries(commands).map(([name, { parameters, summary }]) => ({
    left: [name, ...parameters].join(' '),
    right: summary,
  }));
}

/** The text of `--help` for one command. */
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
    ...(variables.length === 0 ? [] : [`In the environment: ${variables.join(', ')}. The command line wins.`]),
    'Exit codes: 0 done; 1 a mistake of the user; 2 refused by the router; 3 no router there, lost, or no answer in time.',
    '',
  ].join('\n');
}
