import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectionLost } from '../../../src/transports/transport.js';
import { MAX_UNFINISHED_BYTES } from '../../../src/transports/websocket/unfinished-messages.js';
import { until } from '../../support/inbox.js';
import { maskedMessage, RawSocket } from '../../support/raw-socket.js';
import { answersIn, EchoDoor } from './echo-door.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function connect(door: EchoDoor): Promise<RawSocket> {
  const raw = await RawSocket.upgrade(door.port);
  cleanUps.push(() => {
    raw.destroy();
  });
  return raw;
}

/** The beginning of a JSON text, without its last byte. */
function unfinishedText(length: number): Buffer {
  return maskedMessage(Buffer.alloc(length, 0x20), 0x81).subarray(0, -1);
}

describe('clients that begin a JSON text and never finish it', () => {
  it('lose the connection with the most bytes above 16 MiB in total, and no other connection is closed', async () => {
    const door = await EchoDoor.open();
    cleanUps.push(() => door.close());
    const bystander = await connect(door);
    const count = Math.ceil(MAX_UNFINISHED_BYTES / 250_000) - 1;
    const [small, large] = [unfinishedText(249_000), unfinishedText(260_000)];
    for (let i = 0; i < count; i++) (await connect(door)).write(i === 5 ? large : small);
    expect(door.ends).toEqual([]);
    for (let i = 0; i < 2; i++) (await connect(door)).write(small);
    await until(() => door.ends.length > 0);
    const text = `its unfinished message of 260013 bytes is the largest, and all together exceed ${MAX_UNFINISHED_BYTES} bytes`;
    expect(door.ends).toEqual([new ConnectionLost(text)]);
    bystander.write(maskedMessage(Buffer.from('{}'), 0x81));
    await bystander.receive((received) => answersIn(received).includes('text {}'));
  });
});
