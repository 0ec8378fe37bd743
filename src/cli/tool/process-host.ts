import { once } from 'node:events';
import { systemClock } from '../../clock.js';
import type { ToolHost } from './context.js';
import { runTool } from './tool.js';

/**
 * Runs the tool in this process, which ends with the tool's exit code.
 *
 * @param args what stands behind `clasp-router`
 */
export async function runToolInProcess(args: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever was reading has seen enough: `| head` is no failure.
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`clasp-router: cannot write the output: ${error.message}\n`);
    process.exit(1);
  });
  // And ends by itself: nothing is left that would keep it, and what was written is written.
  process.exitCode = await runTool(args, processHost);
}

const processHost: ToolHost = {
  environment: process.env,
  stdout: (text) => (process.stdout.write(text) ? undefined : drained()),
  stderr: (text) => process.stderr.write(text),
  clock: systemClock,
  onInterrupt: (listener) => {
    // Once: who asks a second time does not want to wait for a goodbye.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, listener);
    return () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, listener);
    };
  },
};

async function drained(): Promise<void> {
  await once(process.stdout, 'drain');
}
