import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { ToolContext } from './context.js';
import { withClient } from './connection.js';
import { readAddress } from './places.js';
import { fieldText, jsonLine, optionalText, valueText } from './value-notation.js';

/** `get ADDRESS`: the value alone, so that a script has nothing to cut out. */
export async function get(context: ToolContext): Promise<void> {
  const address = readAddress(context.args[0]!); // the table says that there is one
  const { options, output } = context;
  await withClient(context, async (client) => {
    const param = await client.get(address);
    if (param === undefined)
      throw new ClaspError(ErrorCode.AddressNotFound, `there is no param at ${address}`, { address });
    const { value, revision, writer, timestamp } = param;
    const fields = { writer: optionalText(writer), timestamp: optionalText(timestamp) };
    await output.print(
      options.asJson
        ? jsonLine({ address: fieldText(address), value: valueText(value), revision: fieldText(revision), ...fields })
        : valueText(value),
    );
  });
}
