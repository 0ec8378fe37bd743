import { flagHelp } from '../command-line.js';
import { environmentName } from '../flag.js';
import { type CommandName, commandOf, commands } from './commands.js';
import { optionOf } from './options.js';
import { toolLine } from './tool-request.js';

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
  const variables = options.filter((option) => optionOf(option).inEnvironment).map(environmentName);
  return [
    `clasp-router ${name} ${summary}.`,
    ...about,
    '',
    flagHelp(toolLine(name), [...parameters, '[options]'].join(' ')),
    ...(variables.length === 0
      ? []
      : [`Environment variables: ${variables.join(', ')}.`, 'The command line has precedence.']),
    'Exit codes: 0 success; 1 user error; 2 refused by the router;',
    '            3 no router, connection lost, or no answer in time.',
    '',
  ].join('\n');
}
