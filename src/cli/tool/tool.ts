import { commandOf } from './commands.js';
import type { ToolHost } from './host.js';
import { ExitCode, failureOf } from './failure.js';
import { OptionValues } from './option-values.js';
import { Output } from './output.js';
import { toolHelp } from './tool-help.js';
import { readToolRequest } from './tool-request.js';

/**
 * Runs the command line of `clasp-router COMMAND ...`. Prints user errors and failures in one sentence.
 *
 * @param args the name of the command, then its arguments
 * @returns the exit code
 * @throws only internal errors
 */
export async function runTool(args: readonly string[], host: ToolHost): Promise<ExitCode> {
  const output = new Output(host);
  try {
    const request = readToolRequest(args);
    if (request.kind === 'help') {
      await host.stdout(toolHelp(request.command));
      return ExitCode.Done;
    }
    const run = await commandOf(request.command).load();
    const options = new OptionValues(request.given, host.environment);
    await run({ args: request.args, options, output, host });
    return ExitCode.Done;
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    output.say(failure.sentence);
    return failure.exitCode;
  }
}
