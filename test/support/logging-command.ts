import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './official-client.js';

// The built command, as users run it: `npm test` builds before it runs the tests.
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const running: ChildProcess[] = [];

/** Ends all commands that still run. */
export function endCommands(): void {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
}

/** The command on a free port of this computer. Its log is JSON lines. */
export class LoggingCommand {
  readonly process: ChildProcess;
  errors = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, ...environment };
    this.process = spawn(process.execPath, [main, '--host', '127.0.0.1', '--port', '0', '--json-log', ...args], {
      env,
    });
    this.process.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    running.push(this.process);
  }

  async port(): Promise<number> {
    const found = (): string | undefined => /listening on 127\.0\.0\.1:(\d+)/.exec(this.errors)?.[1];
    await until(() => found() !== undefined || this.process.exitCode !== null, 'the router listens');
    return Number(found());
  }

  /** Resolves with its exit code, after all its output was read. */
  async end(): Promise<number | null> {
    await once(this.process, 'close');
    return this.process.exitCode;
  }

  /** Returns the first log line with this text. */
  async line(text: string): Promise<unknown> {
    const found = (): string | undefined => this.errors.split('\n').find((line) => line.includes(text));
    await until(() => found() !== undefined, text);
    return JSON.parse(found()!);
  }
}
