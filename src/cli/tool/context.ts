import type { OptionValues } from './option-values.js';
import type { Output } from './output.js';
import type { ToolHost } from './host.js';

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
