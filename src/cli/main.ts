#!/usr/bin/env node
import { systemClock } from '../clock.js';
import { version } from '../version.js';
import { readSettings } from './settings.js';

/**
 * The command `clasp-router`: reads its flags and runs a router until it is told to stop, or does what its first word says. Each of these
 * is loaded only when it is wanted: somebody who sets a param from a script does not wait for a router to be read from the disk.
 */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args[0] === 'token') {
    const { tokenCommand } = await import('./token-command.js');
    await tokenCommand(args.slice(1), {
      platform: process.platform,
      environment: process.env,
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
      nowSeconds: systemClock.now() / 1_000,
    });
    return;
  }
  if (args[0] !== undefined && !args[0].startsWith('-')) {
    const { runToolInProcess } = await import('./tool/process-host.js');
    await runToolInProcess(args);
    return;
  }
  const request = readSettings(args, process.env);
  switch (request.kind) {
    case 'help': {
      const { helpText } = await import('./help.js');
      process.stdout.write(helpText());
      return;
    }
    case 'version':
      process.stdout.write(`${version}\n`);
      return;
    case 'run': {
      const { run } = await import('./run.js');
      await run(request.settings);
    }
  }
}

/** Errors whose message is one sentence for the user. By their names: to know their classes would be to load what throws them. */
const plainErrors: ReadonlySet<string> = new Set([
  'UsageError',
  'RouterOptionsError',
  'TransportError',
  'TransportUnavailable',
  'AuthError',
  'StaticFilesError',
  'RelayUrlError',
]);

/** A user's mistake is one sentence; a fault of ours keeps its stack, so that it can be reported. */
function fail(error: unknown): never {
  const plain = error instanceof Error && plainErrors.has(error.name);
  process.stderr.write(
    `clasp-router: ${error instanceof Error ? (plain ? error.message : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
await main().catch(fail);
