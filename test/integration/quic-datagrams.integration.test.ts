import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { type Client, connect, type LinkOptions, type Signal } from '../../src/client/node.js';
import { createRouter, type Router } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import {
  ALPN,
  http3Provider,
  quic,
  type QuicConnectOptions,
  type QuicProvider,
} from '../../src/transports/quic/index.js';
import { Deframer } from '../../src/protocol/deframer.js';
import { until } from '../support/inbox.js';
import { quicCertificate } from '../support/quic-client.js';

const certificate = await quicCertificate();
const tls = { credentials: certificate, renewed$: NEVER };

/** The reason why QUIC is not available, if so. */
const whyNot = await quic({ host: '127.0.0.1', port: 0, tls })
  .listen()
  .then(async (listener) => {
    await listener.close();
    return undefined;
  }, String);
if (whyNot !== undefined) it.skip(`QUIC datagrams are not tested: ${whyNot}`, () => undefined);

/** The real library, with counters of the datagrams that its clients send and receive. */
class CountedQuic implements QuicProvider {
  sent = 0;
  received = 0;
  readonly #library = http3Provider();
  readonly listen: QuicProvider['listen'] = (options) => this.#library.listen(options);

  async connect(options: QuicConnectOptions): ReturnType<QuicProvider['connect']> {
    const link = await this.#library.connect(options);
    const { datagrams } = link;
    if (datagrams === undefined) return link;
    const { maxPacketBytes } = datagrams;
    return {
      ...link,
      datagrams: {
        maxPacketBytes,
        sendDatagram: (bytes) => {
          this.sent++;
          datagrams.sendDatagram(bytes);
        },
        onDatagram: (listener) => {
          datagrams.onDatagram((bytes) => {
            this.received++;
            listener(bytes);
          });
        },
      },
    };
  }
}

const router: Router = createRouter({ name: 'Loose', drainTimeoutSeconds: 2, gestureIntervalMs: 0 });
const clients: Client[] = [];
let url = '';

async function newClient(options: LinkOptions = {}): Promise<{ client: Client; library: CountedQuic }> {
  const library = new CountedQuic();
  const tlsOptions = { ca: certificate.ca, servername: 'localhost' };
  const client = await connect(url, { ...tlsOptions, quicProvider: library, reconnect: false, ...options });
  clients.push(client);
  return { client, library };
}

/** Returns a client that has negotiated datagrams. */
async function looseClient(): Promise<{ client: Client; library: CountedQuic }> {
  const made = await newClient({ datagrams: true });
  await until(() => made.library.received === 1);
  return made;
}

(whyNot === undefined ? describe : describe.skip)('QUIC datagrams', () => {
  beforeAll(async () => {
    const [address] = await router.listen(quic({ host: '127.0.0.1', port: 0, tls, datagrams: true }));
    url = address!.url;
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  afterAll(() => router.stop());

  it('carry samples and moves from client to client, and no other messages', async () => {
    const [sender, receiver] = [await looseClient(), await looseClient()];
    const heard: Signal[] = [];
    await receiver.client.on('/**', (signal) => heard.push(signal)).ready;
    sender.client.gesture('/pad', 1, 'start', 0);
    await until(() => heard.length === 1);
    const before = [sender.library.sent, receiver.library.received];
    for (let i = 1; i <= 20; i++) {
      sender.client.stream('/level', i);
      sender.client.gesture('/pad', 1, 'move', i);
    }
    await until(() => heard.length === 41);
    sender.client.emit('/bang');
    await sender.client.set('/dim', 0.5);
    sender.client.gesture('/pad', 1, 'end', 21);
    await until(() => heard.length === 44);
    expect([sender.library.sent, receiver.library.received]).toEqual(before.map((count) => count + 40));
    const valuesOf = (address: string): unknown[] =>
      heard.filter((signal) => signal.address === address).map((signal) => 'value' in signal && signal.value);
    expect(valuesOf('/level')).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(valuesOf('/pad')).toEqual(Array.from({ length: 22 }, (_, i) => i));
  });

  it('leave frames that are too large to the stream', async () => {
    const [sender, receiver] = [await looseClient(), await looseClient()];
    const lengths: number[] = [];
    await receiver.client.on('/wave', (signal) => {
      if (signal.kind === 'stream') lengths.push(signal.samples?.length ?? 0);
    }).ready;
    const before = [sender.library.sent, receiver.library.received];
    sender.client.stream('/wave', new Float32Array(1_000));
    await until(() => lengths.length === 1);
    sender.client.stream('/wave', new Float32Array(100));
    await until(() => lengths.length === 2);
    expect(lengths).toEqual([1_000, 100]);
    expect([sender.library.sent, receiver.library.received]).toEqual(before.map((count) => count + 1));
  });

  it('are not sent to a client that supports them but has not enabled them', async () => {
    const { client: sender } = await looseClient();
    const link = await http3Provider().connect({
      address: '127.0.0.1',
      port: Number(new URL(url).port),
      servername: 'localhost',
      ca: certificate.ca,
      alpn: ALPN,
      datagrams: true,
    });
    let datagrams = 0;
    link.datagrams!.onDatagram(() => datagrams++);
    const messages: Message[] = [];
    const deframer = new Deframer();
    link.stream.on('data', (chunk: Buffer) => {
      for (const frame of deframer.push(chunk)) messages.push(decodeFrame(frame).message);
    });
    link.stream.write(encodeFrame({ type: 'hello', version: 1, name: 'old', features: [], token: undefined }));
    const subscribe = { type: 'subscribe', id: 1, pattern: '/**', types: undefined, options: undefined } as const;
    link.stream.write(encodeFrame(subscribe));
    link.stream.write(encodeFrame({ type: 'ping' }));
    await until(() => messages.some(({ type }) => type === 'pong'));
    for (let i = 0; i < 50; i++) sender.stream('/level', i);
    await until(() => messages.filter(({ type }) => type === 'publish').length === 50);
    expect(datagrams).toBe(0);
    await link.close(0, '');
  });

  it('are replaced by the stream for a client without them', async () => {
    const [{ client: sender }, { client, library }] = [await looseClient(), await newClient()];
    const heard: Signal[] = [];
    await client.on('/level', (signal) => heard.push(signal)).ready;
    for (let i = 0; i < 50; i++) sender.stream('/level', i);
    await until(() => heard.length === 50);
    expect(library.received).toBe(0);
  });
});
