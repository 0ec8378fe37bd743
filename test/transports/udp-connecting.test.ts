import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { frameOf } from '../support/frames.js';
import { concat, fromHex } from '../support/hex.js';
import { Inbox, until } from '../support/inbox.js';
import { hello, type UdpClient } from '../support/udp-client.js';
import { binaryVectorFiles, readVectors } from '../support/vectors.js';
import { SteadyClock } from '../support/steady-clock.js';
import { clientOf, connected, error, fence, getIn, messagesOf, onFakeNetwork, open, somewhere } from './udp-harness.js';

describe('connecting over UDP', () => {
  it('takes a HELLO, an answer with a cookie, and a HELLO with that cookie', async () => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener);
    client.sayHello();
    expect(messagesOf(await client.receive(1))).toEqual([
      error(300, expect.stringMatching(/^udp:[\w-]{11}$/) as unknown as string),
    ]);
    expect([accepted.length, listener.connectionCount]).toEqual([0, 0]);
    const { connection, inbox } = await getIn(client, accepted);
    expect(connection.remoteAddress).toBe(`127.0.0.1:${client.localPort}`);
    expect(connection.maxFrameBytes).toBe(1_400);
    expect(inbox.frames).toEqual([encodeFrame(hello)]);
    expect(listener.connectionCount).toBe(1);
  });

  it.each([
    ['binary', 'secret', 'secret'],
    ['binary', 'udp:abc two words', 'udp:abc two words'],
    ['cbor', 'secret', 'secret'],
    ['cbor', undefined, undefined],
  ] as const)('passes a HELLO in %s with the token %p on without the cookie', async (encoding, token, passed) => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener, { encoding });
    const { inbox } = await getIn(client, accepted, token === undefined ? '' : ` ${token}`);
    expect(inbox.frames).toEqual([encodeFrame({ ...hello, token: passed }, { encoding })]);
  });

  it('answers a HELLO in CBOR with CBOR, and one in MessagePack with binary', async () => {
    const { listener, accepted } = await open();
    const cbor = await clientOf(listener, { encoding: 'cbor' });
    await cbor.askForCookie();
    expect(decodeFrame(cbor.received[0]!).encoding).toBe('cbor');
    const legacy = await clientOf(listener);
    const cookie = await legacy.askForCookie();
    void legacy.send(legacyHello(`udp:${cookie} secret`));
    await until(() => accepted.length === 1);
    const [frame] = await new Inbox(accepted[0]!.batches$).receive(1);
    expect(frame).toEqual(encodeFrame({ ...hello, name: 'old', token: 'secret' }));
  });

  it.each([
    ['with invented content', () => 'udp:AAAAAAAAAAA'],
    ['of another port', (other: string) => `udp:${other}`],
    ['without its first characters', (other: string) => other],
  ])('answers a cookie %s with a new one and creates nothing', async (_, tokenOf) => {
    const { listener, accepted } = await open();
    const [client, other] = [await clientOf(listener), await clientOf(listener)];
    const [own, foreign] = [await client.askForCookie(), await other.askForCookie()];
    client.sayHello(tokenOf(foreign));
    expect(messagesOf(await client.receive(2))[1]).toEqual(error(300, `udp:${own}`));
    expect([accepted.length, listener.connectionCount]).toEqual([0, 0]);
  });

  it('accepts a cookie for 30 s and rejects it after 60', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open({ clock });
    const [early, late] = [await clientOf(listener), await clientOf(listener)];
    const cookies = [await early.askForCookie(), await late.askForCookie()];
    clock.increment(59_999);
    early.sayHello(`udp:${cookies[0]!}`);
    await until(() => accepted.length === 1);
    clock.increment(1);
    late.sayHello(`udp:${cookies[1]!}`);
    const answers = messagesOf(await late.receive(2));
    expect(answers[1]).not.toEqual(answers[0]);
    expect(accepted).toHaveLength(1);
  });

  it('creates one connection for a duplicate HELLO', async () => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener);
    const cookie = await client.askForCookie();
    client.sayHello(`udp:${cookie}`);
    client.sayHello(`udp:${cookie}`);
    await until(() => accepted.length === 2);
    expect(listener.connectionCount).toBe(1);
    expect(await new Inbox(accepted[0]!.batches$).ended).toEqual(
      new ConnectionLost('the peer began another session without a close message'),
    );
  });

  it('limits answers per second to HELLOs without a cookie, over all sources', async () => {
    const clock = new SteadyClock();
    const { listener } = await open({ clock, cookiesPerSecond: 3 });
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => clientOf(listener)));
    const [last] = clients.slice(-1) as [UdpClient]; // invariant: there are five
    for (const client of clients) {
      client.sayHello();
      await until(() => listener.counts.cookies + listener.counts.unanswered === clients.indexOf(client) + 1);
    }
    expect(listener.counts).toMatchObject({ cookies: 3, unanswered: 2 });
    clock.increment(333);
    last.sayHello();
    await until(() => listener.counts.unanswered === 3);
    clock.increment(1);
    await last.askForCookie();
    expect(clients.map(({ received }) => received.length)).toEqual([1, 1, 1, 0, 1]);
    last.sayHello();
    await until(() => listener.counts.unanswered === 4);
  });
});

/** A HELLO in the legacy MessagePack map. */
function legacyHello(token: string): Uint8Array {
  const text = (value: string): Uint8Array =>
    concat([Uint8Array.of(0xd9, value.length), new TextEncoder().encode(value)]);
  const payload = concat([
    Uint8Array.of(0x85),
    ...[text('type'), text('HELLO'), text('version'), Uint8Array.of(1), text('name'), text('old')],
    ...[text('features'), Uint8Array.of(0x90), text('token'), text(token)],
  ]);
  return concat([Uint8Array.of(0x53, 0x00, 0, payload.length), payload]);
}

describe('unvalidated sources at a UDP port', () => {
  const strange: [string, Uint8Array][] = [
    ['an empty datagram', new Uint8Array()],
    ['text', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
    ['zeros', new Uint8Array(1_000)],
    ['a PING', encodeFrame({ type: 'ping' })],
    ['a SUBSCRIBE', encodeFrame({ type: 'subscribe', id: 1, pattern: '/**', types: undefined, options: undefined })],
    ['a HELLO without its last byte', encodeFrame(hello).subarray(0, -1)],
    ['a HELLO of ten bytes', fromHex('53 01 0006 01 01 00 0000 00')],
    ['a HELLO whose name is longer than it', fromHex('53 01 0007 01 01 00 ffff 0000')],
    ['a HELLO that claims to be encrypted', fromHex('53 11 0007 01 01 00 0000 0000')],
    ['a HELLO of 1,401 bytes', encodeFrame({ ...hello, name: 'x'.repeat(1_390) })],
    ['a map of hello without an end', fromHex('53 00 0008 8f a5 68656c6c6f 00')],
    ['our own ERROR', encodeFrame(error(300, 'udp:AAAAAAAAAAA'))],
  ];

  it.each(strange)('get no answer to %s', async (_, datagram) => {
    const { listener, accepted } = await open();
    const client = await clientOf(listener);
    await client.send(datagram);
    await until(() => listener.counts.ignored === 1);
    await fence(listener, client);
    expect(client.received).toHaveLength(1); // the cookie of fence()
    expect(accepted).toEqual([]);
  });

  it('use no memory, for 10,000 of them', () => {
    const { network, listener, accepted } = onFakeNetwork();
    for (let i = 0; i < 10_000; i++) {
      const [, datagram] = strange[i % strange.length]!;
      network.receive(datagram, { address: `198.51.100.${i % 256}`, port: 1 + (i % 65_000) });
    }
    expect(listener.counts).toMatchObject({ ignored: 10_000, cookies: 0 });
    expect([network.sent.length, accepted.length, listener.connectionCount]).toEqual([0, 0, 0]);
  });

  it('use no memory except a counter if they send HELLO, for 10,000 of them', () => {
    const clock = new SteadyClock();
    const { network, listener, accepted } = onFakeNetwork({ clock });
    for (let i = 0; i < 10_000; i++) {
      network.receive(encodeFrame(hello), { address: '198.51.100.7', port: 1 + i });
    }
    expect(listener.counts).toMatchObject({ cookies: 1_000, unanswered: 9_000 });
    expect([network.sent.length, accepted.length, listener.connectionCount]).toEqual([1_000, 0, 0]);
    clock.increment(1_000);
    expect(network.sent).toHaveLength(1_000);
  });

  it('never receive more than three times their own bytes, for any input', () => {
    const hellos = ['', 'x', 'lamp', 'x'.repeat(1_000)].flatMap((name) =>
      [undefined, 'secret', 'udp:AAAAAAAAAAA', 'udp:AAAAAAAAAAA secret'].flatMap((token) =>
        (['binary', 'cbor'] as const).map((encoding) => encodeFrame({ ...hello, name, token }, { encoding })),
      ),
    );
    const others = binaryVectorFiles.flatMap((file) => readVectors(file)).map(({ hex }) => fromHex(hex));
    let greatest = 0;
    for (const datagram of [...hellos, ...others, legacyHello(''), ...strange.map(([, bytes]) => bytes)]) {
      for (const trailer of [0, 1]) {
        const { network } = onFakeNetwork();
        network.receive(concat([datagram, new Uint8Array(trailer)]), somewhere);
        const receivedBytes = datagram.length + trailer;
        if (receivedBytes > 0) greatest = Math.max(greatest, network.sentBytes / receivedBytes);
        else expect(network.sent).toEqual([]);
        if (hellos.includes(datagram)) expect(network.sent).toHaveLength(1);
      }
    }
    expect(greatest).toBe(25 / 11); // the smallest HELLO
  });

  it('do not reach the connection of another peer', async () => {
    const { listener, inbox, client } = await connected();
    const stranger = await clientOf(listener);
    await stranger.send(frameOf(20, 1));
    await until(() => listener.counts.ignored === 1);
    await client.send(frameOf(20, 2));
    expect((await inbox.receive(2)).slice(1)).toEqual([frameOf(20, 2)]);
  });

  it('are not answered at port 0, which is unreachable', () => {
    const { network, listener } = onFakeNetwork();
    network.receive(encodeFrame(hello), { address: '198.51.100.7', port: 0 });
    expect(network.sent).toEqual([]);
    expect(listener.counts.ignored).toBe(1);
  });
});
