import { describe, expect, it } from '@jest/globals';
import { framed, frameOf } from '../support/frames.js';
import { turns, until } from '../support/inbox.js';
import { connected, fill } from './tcp-harness.js';

describe('drained$ of TCP', () => {
  it('does not emit for writes that the network takes immediately', async () => {
    const { client, connection } = await connected();
    let drained = 0;
    connection.drained$.subscribe(() => drained++);
    connection.write(framed('length', [frameOf(20)]));
    expect(connection.bufferedBytes).toBe(0);
    await client.receive(1);
    client.stall();
    await fill(connection);
    client.resume();
    await until(() => drained === 1);
    const before = client.frames.length;
    connection.write(framed('length', [frameOf(20)]));
    await client.receive(before + 1);
    await turns(5);
    expect(drained).toBe(1);
  });
});
