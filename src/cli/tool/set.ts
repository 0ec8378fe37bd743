import type { ToolContext } from './context.js';
import { withClient } from './connection.js';
import { readAddress } from './places.js';
import { fieldText, jsonLine, parseValue, valueText } from './value-notation.js';

/** `set ADDRESS VALUE`: succeeds when the router has stored the value. */
export async function set(context: ToolContext): Promise<void> {
  const address = readAddress(context.args[0]!); // the parser has checked the number of arguments
  const value = parseValue(context.args[1]!);
  const { options, output } = context;
  await withClient(context, async (client) => {
    const { revision } = await client.set(address, value);
    const text = valueText(value);
    await output.print(
      options.asJson
        ? jsonLine({ address: fieldText(address), value: text, revision: fieldText(revision) })
        : `${address} = ${text} (revision ${revision})`,
    );
  });
}
