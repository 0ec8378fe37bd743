import type { ToolHost } from '../../../src/cli/tool/host.js';
import { runTool } from '../../../src/cli/tool/tool.js';
import { systemClock } from '../../../src/util/clock.js';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the tool inside the test, for commands that need no router. */
export async function runHere(args: readonly string[], environment: ToolHost['environment'] = {}): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const exitCode = await runTool(args, {
    environment,
    stdout: (text) => {
      stdout += text;
      return undefined;
    },
    stderr: (text) => (stderr += text),
    clock: systemClock,
    onInterrupt: () => () => undefined,
  });
  return { exitCode, stdout, stderr };
}
