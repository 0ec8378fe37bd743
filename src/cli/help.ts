import { environmentName, flags } from './settings.js';
import { tokenCommands } from './token-request.js';
import { commandRows } from './tool/tool-help.js';

/** Returns the text of `--help`, made from the table of flags. */
export function helpText(): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const short = 'short' in flag ? `-${flag.short}, ` : '    ';
    const value = 'value' in flag ? ` ${flag.value}` : '';
    const fallback = 'value' in flag ? ` (${flag.fallback})` : '';
    return { left: `  ${short}--${name}${value}`, right: `${flag.help}${fallback}` };
  });
  rows.push(
    { left: '  -h, --help', right: 'prints this text' },
    { left: '  -V, --version', right: 'prints the version' },
  );
  const commands = [
    ...commandRows(),
    {
      left: `token ${Object.keys(tokenCommands).join('|')}`,
      right: 'creates, lists and revokes the tokens of --auth',
    },
  ];
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return [
    'clasp-router: routes CLASP signals between lights, sound, video, sensors and web pages.',
    '',
    'Usage: clasp-router [options]     runs a router',
    '       clasp-router COMMAND ...   is a client of a running router',
    '',
    ...rows.map(({ left, right }) => left.padEnd(width) + right),
    '',
    `Each option is also an environment variable: ${environmentName('port')}, ${environmentName('max-sessions')}, ...`,
    'The command line has precedence.',
    '',
    'Commands, each with its own --help:',
    ...commands.map(({ left, right }) => `  ${left}`.padEnd(width) + right),
    '',
  ].join('\n');
}
