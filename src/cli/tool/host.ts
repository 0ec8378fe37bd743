import type { Clock } from '../../util/clock.js';

/** The parts of the process that a command uses. */
export interface ToolHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @returns a promise if the reader is behind: the next text should wait for it */
  readonly stdout: (text: string) => Promise<void> | undefined;
  readonly stderr: (text: string) => void;
  readonly clock: Clock;
  /** Calls the listener on Ctrl-C instead of ending the process. @returns a function that removes it */
  readonly onInterrupt: (listener: () => void) => () => void;
}
