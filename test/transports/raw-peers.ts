import type { Connection } from '../../src/transports/transport.js';
import { cleanUps } from '../support/clean-ups.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import type { RawSocket } from '../support/raw-socket.js';

/** Returns the first accepted connection with its input. Destroys the peer after the test. */
export async function observed(
  raw: RawSocket,
  accepted: readonly Connection[],
): Promise<{ connection: Connection; inbox: Inbox }> {
  cleanUps.push(() => {
    raw.destroy();
  });
  await until(() => accepted.length === 1);
  const connection = accepted[0]!;
  return { connection, inbox: new Inbox(connection.batches$) };
}

/** Writes frames until the network accepts no more. */
export async function fillWith(connection: Connection, framing: 'length' | 'websocket'): Promise<void> {
  const bytes = framed(framing, [frameOf(65_000)]);
  for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
    if (connection.bufferedBytes < 1_000_000) connection.write(bytes);
    await turns();
  }
}
