import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { ToolContext } from './context.js';
import { withClient } from './connection.js';
import { readAddress } from './places.js';
import { fieldText, jsonLine, optionalText, valueText } from './value-notation.js';

/** `get ADDRESS`: prints only the value, for scripts. */
export async function get(context: ToolContext): Promise<void> {
  const address = readAddress(context.args[0]!); // the parser has checked the number of arguments
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
