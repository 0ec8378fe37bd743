import type { Clock } from '../../util/clock.js';

/** What a command needs of the process it runs in. */
export interface ToolHost {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @returns a promise where the reader is behind: the next text should wait for it */
  readonly stdout: (text: string) => Promise<void> | undefined;
  readonly stderr: (text: string) => void;
  readonly clock: Clock;
  /** Calls the listener when the user wants an end (Ctrl-C), in place of ending the process. @returns takes it back */
  readonly onInterrupt: (listener: () => void) => () => void;
}
