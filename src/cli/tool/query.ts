import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { ToolContext } from './context.js';
import { withClient } from './connection.js';
import { readPattern } from './places.js';
import { fieldText } from './value-notation.js';

/** `query [PATTERN]`: prints one line per announced signal. */
export async function query(context: ToolContext): Promise<void> {
  const pattern = readPattern(context.args[0]);
  const { options, output } = context;
  await withClient(context, async (client) => {
    const definitions = await client.query(pattern);
    const width = Math.max(0, ...definitions.map(({ address }) => address.length));
    for (const definition of definitions) {
      await output.print(options.asJson ? fieldText(definition) : definitionLine(definition, width));
    }
    if (definitions.length === 0) output.say(`no announced signal matches ${pattern}`);
  });
}

function definitionLine({ address, type, datatype, access, meta }: SignalDefinition, width: number): string {
  const details = [datatype, access, meta && fieldText(meta)].filter((one) => one !== undefined);
  return [address.padEnd(width), type.padEnd('timeline'.length), ...details].join('  ').trimEnd();
}
