import type { OptionValues } from './option-values.js';
import type { Output } from './output.js';
import type { ToolHost } from './host.js';

/** The input of a command. */
export interface ToolContext {
  /** The arguments. Their number matches the parameters of the command. */
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly output: Output;
  readonly host: ToolHost;
}

/** A command. Resolves when it is done. @throws an error for which `failureOf` returns the exit code */
export type Run = (context: ToolContext) => Promise<void>;
