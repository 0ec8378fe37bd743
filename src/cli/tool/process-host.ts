import { systemClock } from '../../util/clock.js';
import { leave, type ProcessOutput } from '../output/process-output.js';
import { runTool } from './tool.js';

/**
 * Runs the tool in this process. The process ends with the exit code of the tool when the output is written.
 *
 * @param args the arguments after `clasp-router`
 */
export async function runToolInProcess(args: readonly string[], output: ProcessOutput): Promise<void> {
  const { stdout, stderr } = output;
  const interruption = new AbortController();
  const exitCode = await runTool(args, {
    environment: process.env,
    stdout: (text) => {
      stdout.write(text);
      return interruption.signal.aborted ? undefined : stdout.drained();
    },
    stderr: (text) => {
      stderr.write(text);
    },
    clock: systemClock,
    onInterrupt: (listener) =>
      onSignals(() => {
        interruption.abort();
        stdout.stopWaiting();
        listener();
      }),
  });
  // An interrupted command does not wait for a stuck reader.
  if (interruption.signal.aborted) await leave(output, exitCode);
  else process.exitCode = exitCode;
}

/** Calls the listener once; a second signal ends the process. @returns a function that removes the listener */
function onSignals(listener: () => void): () => void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, listener);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, listener);
  };
}
