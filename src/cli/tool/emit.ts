import { ClientError } from '../../client/node.js';
import { ClaspError, DecodeError } from '../../protocol/errors.js';
import type { ToolContext } from './context.js';
import { withClient } from './connection.js';
import { readAddress } from './places.js';
import { fieldText, jsonLine, parseValue, valueText } from './value-notation.js';

/** `emit ADDRESS [VALUE]`: succeeds if the router has received the event and has not refused it. */
export async function emit(context: ToolContext): Promise<void> {
  const { args, options, output } = context;
  const address = readAddress(args[0]!); // the parser has checked the number of arguments
  const value = args[1] === undefined ? undefined : parseValue(args[1]);
  await withClient(context, async (client) => {
    const refusals: ClaspError[] = [];
    client.onError((error) => {
      if (error instanceof ClaspError && !(error instanceof DecodeError)) refusals.push(error);
    });
    if (!client.emit(address, value))
      throw new ClientError('lost', 'the connection was lost before the event was sent');
    // An event has no answer. The router answers in order, so an ERROR arrives before the answer to this SYNC.
    await client.sync();
    const [refused] = refusals;
    if (refused !== undefined) throw refused;
    const text = value === undefined ? undefined : valueText(value);
    await output.print(
      options.asJson
        ? jsonLine({ address: fieldText(address), value: text })
        : `${address}${text === undefined ? '' : ` ${text}`} (event sent)`,
    );
  });
}
