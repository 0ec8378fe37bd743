import type { Clock } from '../../util/clock.js';
import type { OptionValues } from './option-values.js';
import type { Output } from './output.js';

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

/** What a command is run with. */
export interface ToolContext {
  /** What stands behind the command's name: as many as its table says, and no fewer than it needs. */
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
  readonly host: ToolHost;
}

/** A command. Resolves when it is done. @throws what kept it from that; `failureOf` knows the exit code */
export type Run = (context: ToolContext) => Promise<void>;
