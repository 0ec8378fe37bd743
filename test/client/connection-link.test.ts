import { describe, expect, it } from '@jest/globals';
import { connectionLink } from '../../src/client/connection-link.js';
import type { ClientEncoding, Link } from '../../src/client/link.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Connection } from '../../src/transports/transport.js';
import { memoryLink } from '../../src/transports/memory/index.js';
import { Inbox, turns } from '../support/inbox.js';

function open(link: Link, encoding: ClientEncoding = 'binary') {
  const heard: unknown[] = [];
  const channel = link.open(
    {
      opened: () => heard.push('opened'),
      received: (frames) => heard.push(...frames.map((frame) => (typeof frame === 'string' ? frame : frame.length))),
      closed: (cause) => heard.push(['closed', cause?.message]),
    },
    encoding,
  );
  return { channel, heard };
}

const ping = encodeFrame({ type: 'ping' });

describe('a link over a connection', () => {
  it('carries frames and JSON messages in both directions, and ends with its connection', async () => {
    const { client, server } = memoryLink();
    const inbox = new Inbox(server.batches$);
    const { channel, heard } = open(connectionLink(client));
    expect(heard).toEqual([]); // no event during open()
    await turns();
    channel.send(ping);
    channel.send('{"type":"ping"}');
    server.write(ping);
    await turns();
    expect(inbox.frames).toEqual([ping, '{"type":"ping"}']);
    server.close({ kind: 'normal', text: '' });
    await turns();
    expect(heard).toEqual(['opened', 5, ['closed', undefined]]);
  });

  it('reports a cut connection', async () => {
    const { client, server } = memoryLink();
    const { heard } = open(connectionLink(client));
    await turns();
    server.destroy();
    await turns();
    expect(heard).toEqual(['opened', ['closed', 'the connection was cut by the peer']]);
  });

  it('reports nothing after it is destroyed', async () => {
    const { client, server } = memoryLink();
    const inbox = new Inbox(server.batches$);
    const { channel, heard } = open(connectionLink(client));
    channel.destroy();
    await turns();
    expect(heard).toEqual([]);
    expect(inbox.end).toBeInstanceOf(Error);
  });

  it('can be opened once with one connection, and repeatedly with a function', () => {
    const single = connectionLink(memoryLink().client);
    open(single).channel.destroy();
    expect(() => open(single)).toThrow('the one connection of this link has ended');
    let made = 0;
    const many = connectionLink(() => {
      made++;
      return memoryLink().client;
    });
    for (let i = 0; i < 3; i++) open(many).channel.destroy();
    expect(made).toBe(3);
  });

  it.each<[string, object, ClientEncoding, string]>([
    ['requires a framing', { framing: 'length' }, 'binary', 'the connection requires the framing length'],
    ['carries no JSON', { framing: 'raw' }, 'json', 'this connection does not carry JSON'],
  ])('rejects a connection that %s', (_, connection, encoding, text) => {
    expect(() => open(connectionLink(connection as Connection), encoding)).toThrow(text);
  });
});
