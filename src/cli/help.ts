import { environmentName, flags } from './settings.js';
import { tokenCommands } from './token-request.js';
import { commandRows } from './tool/tool-help.js';

/** The text of `--help`, made from the table of flags. */
export function helpText(): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const short = 'short' in flag ? `-${flag.short}, ` : '    ';
    const value = 'value' in flag ? ` ${flag.value}` : '';
    const fallback = 'value' in flag ? ` (${flag.fallback})` : '';
    return { left: `  ${short}--${name}${value}`, right: `${flag.help}${fallback}` };
  });
  rows.push({ left: '  -h, --help', right: 'this text' }, { left: '  -V, --version', right: 'the version' });
  const commands = [
    ...commandRows(),
    {
      left: `token ${Object.keys(tokenCommands).join('|')}`,
      right: 'makes, lists and takes back the tokens of --auth',
    },
  ];
  const width = Math.max(...rows.map(({ left }) => left.length)) + 2;
  return [
    'clasp-router: routes CLASP signals between lights, sound, video, sensors and web pages.',
    '',
    'Usage: clasp-router [options]     runs a router',
    '       clasp-router COMMAND ...   talks with one that runs',
    '',
    ...rows.map(({ left, right }) => left.padEnd(width) + right),
    '',
    `Each option can also be given in the environment: ${environmentName('port')}, ${environmentName('max-sessions')}, ...`,
    'The command line wins.',
    '',
    'Commands, each with a --help of its own:',
    ...commands.map(({ left, right }) => `  ${left}`.padEnd(width) + right),
    '',
  ].join('\n');
}
