import type { Framing } from '../../src/protocol/framing.js';
import type { Connection } from '../../src/transports/transport.js';
import { framed, frameOf } from './frames.js';
import { turns } from './inbox.js';
import { inputRead, type SteadyClock } from './steady-clock.js';

/** Stops a client's reading, and writes to it until the network accepts no more. */
export async function fillNetwork(
  client: { stall(): void },
  connection: Connection,
  framing: Exclude<Framing, 'raw'>,
): Promise<void> {
  client.stall();
  const bytes = framed(framing, [frameOf(65_000)]);
  for (let stuck = 0; stuck < 20; stuck = connection.bufferedBytes > 0 ? stuck + 1 : 0) {
    if (connection.bufferedBytes < 1_000_000) connection.write(bytes);
    await turns();
  }
}

/** Lets time pass second by second, and reads the pending input after each. */
export async function passSeconds(clock: SteadyClock, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    clock.increment(1_000);
    await inputRead();
  }
}
