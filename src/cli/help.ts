import { flagHelp } from './command-line.js';
import { environmentName } from './flag.js';
import { runLine } from './settings.js';
import { stateCommandNames } from './state-request.js';
import { tokenCommands } from './token-request.js';
import { commandRows } from './tool/tool-help.js';

/** Returns the text of `--help`. */
export function helpText(): string {
  const commands = [
    ...commandRows(),
    {
      left: `token ${Object.keys(tokenCommands).join('|')}`,
      right: 'creates, lists and revokes the tokens of --auth',
    },
    { left: `state ${stateCommandNames.join('|')}`, right: 'reads and replaces the stored params' },
  ];
  const width = Math.max(...commands.map(({ left }) => left.length)) + 4;
  return [
    'clasp-router: routes CLASP signals between lights, sound, video, sensors and web pages.',
    '',
    flagHelp(runLine, '[options]     runs a router\n       clasp-router COMMAND ...   is a client of a running router'),
    `Each option is also an environment variable: ${environmentName('port')}, ${environmentName('max-sessions')}, ...`,
    'The command line has precedence. off disables a listener or a file.',
    'With auto, the router selects the value.',
    '',
    'Commands, each with its own --help:',
    ...commands.map(({ left, right }) => `  ${left}`.padEnd(width) + right),
    '',
  ].join('\n');
}
