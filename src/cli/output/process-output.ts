import { AsyncOutput, isReaderClosed } from './async-output.js';
import { chunkWriter } from './chunk-writer.js';

/** Milliseconds between two writes of log lines. Below what a reader of a terminal notices. */
const OFFER_INTERVAL_MS = 20;

/** Milliseconds for which the end of the process waits for the readers of its output. */
const LEAVE_MS = 1_000;

/** The two outputs of this process. Nothing else in the command writes to them. */
export interface ProcessOutput {
  readonly stdout: AsyncOutput;
  readonly stderr: AsyncOutput;
}

/** Opens the outputs. Call it once per process. */
export function openProcessOutput(): ProcessOutput {
  return {
    stdout: new AsyncOutput(chunkWriter(1)),
    stderr: new AsyncOutput(chunkWriter(2), { offerIntervalMs: OFFER_INTERVAL_MS }),
  };
}

/** Ends the process when all waiting output is written, after a second at the latest. */
export async function leave(output: ProcessOutput, exitCode: number): Promise<never> {
  await Promise.all([output.stdout.flush(LEAVE_MS), output.stderr.flush(LEAVE_MS)]);
  return leaveAtOnce(output, exitCode);
}

/**
 * Ends the process without the waiting output. `process.exit()` joins the threads of libuv's pool. If one of them is
 * blocked in a write, only the system can end the process: the exit code is then that of SIGKILL, on Windows 1.
 */
export function leaveAtOnce({ stdout, stderr }: ProcessOutput, exitCode: number): never {
  if (stdout.isBlocking || stderr.isBlocking) process.kill(process.pid, 'SIGKILL');
  return process.exit(exitCode);
}

/** For a command whose purpose is its output: `| head` ends it with exit code 0, a failed write with 1. */
export function endWithReader(output: ProcessOutput): void {
  output.stdout.onFailure = (error) => {
    if (isReaderClosed(error)) leaveAtOnce(output, 0);
    output.stderr.write(`clasp-router: cannot write the output: ${error.message}\n`);
    void leave(output, 1);
  };
}
