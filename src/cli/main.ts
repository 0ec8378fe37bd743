#!/usr/bin/env node
import { systemClock, wallTime } from '../util/clock.js';
import { printable, printableError } from '../util/printable-text.js';
import { version } from '../util/version.js';
import { endWithReader, leave, openProcessOutput } from './output/process-output.js';
import { isPlain } from './plain-errors.js';

const output = openProcessOutput();

/**
 * The command `clasp-router`: runs a router until a signal stops it, or runs the command of its first word. Each part
 * is loaded only if it is used, so that a script that sets a param does not load the router.
 */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const [word] = args;
  if (word === 'token') {
    endWithReader(output);
    const { tokenCommand } = await import('./token-command.js');
    await tokenCommand(args.slice(1), {
      platform: process.platform,
      environment: process.env,
      stdout: (text) => output.stdout.write(text),
      stderr: (text) => output.stderr.write(text),
      nowSeconds: wallTime(systemClock) / 1_000,
    });
    return;
  }
  if (word === 'state') {
    endWithReader(output);
    const { stateCommand } = await import('./state-command.js');
    process.exitCode = await stateCommand(args.slice(1), {
      platform: process.platform,
      environment: process.env,
      stdout: (text) => output.stdout.write(text),
      stderr: (text) => output.stderr.write(text),
      wallMicros: Math.floor(wallTime(systemClock) * 1_000),
    });
    return;
  }
  if (word !== undefined && !word.startsWith('-')) {
    endWithReader(output);
    const { runToolInProcess } = await import('./tool/process-host.js');
    await runToolInProcess(args, output);
    return;
  }
  const { readSettings } = await import('./settings.js');
  const request = readSettings(args, process.env);
  switch (request.kind) {
    case 'help': {
      endWithReader(output);
      const { helpText } = await import('./help.js');
      output.stdout.write(helpText());
      return;
    }
    case 'version':
      endWithReader(output);
      output.stdout.write(`${version}\n`);
      return;
    case 'run': {
      process.on('SIGHUP', () => undefined); // never ends a router, not even while it is loading
      const { run } = await import('./run.js');
      await run(request, output);
    }
  }
}

/** Prints a user error as one sentence, and an internal error with its stack, so that it can be reported. */
function fail(error: unknown): void {
  output.stderr.write(`clasp-router: ${isPlain(error) ? printable(error.message) : stackOf(error)}\n`);
  void leave(output, 1);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const { stack, message } = printableError(error);
  return stack ?? message;
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
await main().catch(fail);
