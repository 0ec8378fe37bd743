import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { webSocket } from '../../src/transports/websocket/index.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { maskedMessage, RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { WebSocketClient } from '../support/websocket-client.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';
import { local, kindOf, open, connected, ended } from './websocket-harness.js';
import { portOf, urlOf } from '../support/open-listener.js';

describeTransport('websocket', {
  create: () => webSocket(local),
  connect: async (_, listener) => {
    const client = await WebSocketClient.connect(urlOf(listener));
    return {
      send: (frames) => {
        for (const frame of frames) client.send(frame);
      },
      receive: (count) => client.receive(count),
      stall: () => client.stall(),
      resume: () => client.resume(),
      close: () => client.close(),
      destroy: () => client.destroy(),
      ended: client.ended.then(({ code }) => kindOf(code)),
    };
  },
  onSameAddress: (_, listener) => webSocket({ host: '127.0.0.1', port: portOf(listener) }),
});

describe('the WebSocket handshake', () => {
  it.each([
    { offered: undefined, chosen: undefined, encoding: undefined },
    { offered: 'clasp', chosen: 'clasp', encoding: undefined },
    { offered: 'mqtt, clasp', chosen: 'clasp', encoding: undefined },
    { offered: 'clasp.cbor,clasp', chosen: 'clasp', encoding: undefined },
    { offered: 'clasp.cbor', chosen: 'clasp.cbor', encoding: 'cbor' },
    { offered: 'mqtt', chosen: undefined, encoding: undefined },
    { offered: 'clasp.v2', chosen: undefined, encoding: undefined },
    { offered: 'clasp.v2', chosen: 'clasp.v2', encoding: undefined, allowClaspV2: true },
    { offered: 'clasp.v2, clasp', chosen: 'clasp', encoding: undefined, allowClaspV2: true },
  ])('answers the subprotocols $offered with $chosen', async ({ offered, chosen, encoding, allowClaspV2 }) => {
    const { listener, accepted } = await open({ allowClaspV2 });
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(upgradeRequest(offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered }));
    const answer = (await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
    raw.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect(/^sec-websocket-protocol: (.*)\r$/im.exec(answer)?.[1]).toBe(chosen);
    expect(accepted[0]?.encoding).toBe(encoding);
  });

  it.each(['', '/', '/clasp', '/any/thing?at=all'])('accepts the path %p and offers of compression', async (path) => {
    const { client } = await connected({}, { path });
    expect(client.socket.extensions).toBe('');
  });

  it('reads a frame that arrives in the packet of the upgrade', async () => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(Buffer.concat([Buffer.from(upgradeRequest()), maskedMessage(frameOf(20, 1))]));
    await until(() => accepted.length === 1);
    expect(await new Inbox(accepted[0]!.batches$).receive(1)).toEqual([frameOf(20, 1)]);
    raw.destroy();
  });

  it('cuts off a peer that sends nothing or an incomplete request, and accepts others meanwhile', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open({ clock, pingIntervalMs: 0 });
    const silent = await RawSocket.connect(portOf(listener));
    const halfway = await RawSocket.connect(portOf(listener));
    halfway.write('GET / HTTP/1.1\r\nUpgrade: webso');
    const quick = await WebSocketClient.connect(urlOf(listener));
    expect(accepted).toHaveLength(1);
    const inbox = new Inbox(accepted[0]!.batches$);
    clock.increment(9_999);
    halfway.write('cket\r\n');
    await turns(20);
    expect([silent.socket.readableEnded, halfway.socket.readableEnded]).toEqual([false, false]);
    clock.increment(1);
    await Promise.all([ended(silent), ended(halfway)]);
    quick.send(frameOf(20, 1));
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
  });

  it.each([
    ['garbage', '\x00\x01\x02 hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['another version', upgradeRequest({ 'Sec-WebSocket-Version': '7' }), /^HTTP\/1\.1 400 /],
    ['another protocol', upgradeRequest({ Upgrade: 'h2c' }), /^HTTP\/1\.1 400 /],
    ['no key', upgradeRequest({ 'Sec-WebSocket-Key': 'short' }), /^HTTP\/1\.1 400 /],
    ['endless headers', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`, /^HTTP\/1\.1 431 /],
  ])('rejects %s and closes', async (_, request, answer) => {
    const { listener, accepted } = await open();
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(request);
    await ended(raw);
    expect(raw.received.toString()).toMatch(answer);
    expect(accepted).toEqual([]);
  });

  it('closes pending connections when it closes', async () => {
    const { listener } = await open({ clock: new SteadyClock() }); // no deadline expires
    const silent = await RawSocket.connect(portOf(listener));
    await turns(10);
    await listener.close();
    await ended(silent);
  });
});

describe('a silent WebSocket peer', () => {
  it('is lost after two unanswered pings', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock }, { autoPong: false });
    for (let ping = 1; ping <= 2; ping++) {
      const pinged = once(client.socket, 'ping');
      clock.increment(30_000);
      await pinged;
    }
    expect(inbox.end).toBeUndefined();
    clock.increment(30_000);
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer answered none of 2 pings'));
    expect((await client.ended).code).toBe(1006);
  });

  it('is alive while it answers, and each answer is an empty batch', async () => {
    const clock = new SteadyClock();
    const { inbox } = await connected({ clock });
    for (let ping = 1; ping <= 5; ping++) {
      clock.increment(30_000);
      await inbox.receiveBatches(ping);
    }
    expect(inbox.batches).toEqual([[], [], [], [], []]);
    expect(inbox.end).toBeUndefined();
  });

  it('is alive while it sends any input', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock }, { autoPong: false });
    for (let i = 1; i <= 5; i++) {
      clock.increment(30_000);
      client.send(frameOf(20, i));
      await inbox.receive(i);
    }
    expect(inbox.end).toBeUndefined();
  });

  it('answers a probe with an empty batch, and is not probed after its end', async () => {
    const { client, connection, inbox } = await connected({ pingIntervalMs: 0 });
    connection.probe?.();
    expect(await inbox.receiveBatches(1)).toEqual([[]]);
    client.close();
    expect(await inbox.ended).toBe('completed');
    connection.probe?.();
  });

  it('is not pinged if pings are disabled', async () => {
    const clock = new SteadyClock();
    const { client, inbox } = await connected({ clock, pingIntervalMs: 0 }, { autoPong: false });
    let pings = 0;
    client.socket.on('ping', () => pings++);
    clock.increment(3_600_000);
    client.send(frameOf(20));
    await inbox.receive(1);
    expect(pings).toBe(0);
  });
});

describe('an unavailable WebSocket port', () => {
  it('reports that it is in use, with the fix', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(webSocket({ ...local, port }).listen()).rejects.toThrow(
      `port ${port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports an address that this computer does not have', async () => {
    await expect(webSocket({ host: '192.0.2.1', port: 0 }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
    );
  });

  it('reports an invalid port', async () => {
    await expect(webSocket({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
  });
});
