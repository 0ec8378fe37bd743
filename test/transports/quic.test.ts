import { expect, it } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { NEVER } from 'rxjs';
import { ABORTED, quicCloseCodes } from '../../src/transports/quic/constants.js';
import { http3Provider } from '../../src/transports/quic/http3-provider.js';
import { quic } from '../../src/transports/quic/index.js';
import type { TlsCredentials } from '../../src/net/tls.js';
import { ConnectionLost, type Listener } from '../../src/transports/transport.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { TransportError } from '../../src/net/transport-error.js';
import { cleanUps } from '../support/clean-ups.js';
import { newCertificate } from '../support/certificates.js';
import { faultsOf } from '../support/rejected-connections.js';
import { framed, frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { QuicClient } from '../support/quic-client.js';
import { describeTransport } from './conformance.js';
import { certificate, connect, connected, describeReal, local, numbersOf, open, whyNot } from './quic-harness.js';
import { portOf } from '../support/open-listener.js';

if (whyNot === undefined) {
  describeTransport('quic', {
    sharesPort: true,
    closeIsLeaving: false,
    create: () => quic(local),
    connect: async (_, listener) => {
      const client = await connect(listener);
      // The router is notified of a stream with its first byte, and every frame starts with this one.
      client.write(Uint8Array.of(0x53));
      let opened = 1;
      return {
        send: (frames) => {
          client.write(Buffer.concat(frames).subarray(opened));
          opened = 0;
        },
        receive: (count) => client.receive(count),
        stall: () => client.relay.hold(),
        resume: () => client.relay.resume(),
        close: () => client.end(),
        destroy: () => void client.close(ABORTED),
        ended: client.ended.then((end) => (end.kind === 'lost' ? 'lost' : kindOf(end.code))),
      };
    },
    onSameAddress: (_, listener) => quic({ ...local, port: portOf(listener) }),
  });
} else {
  it.skip(`what needs a real QUIC is not tested: ${whyNot}`, () => undefined);
}

function kindOf(code: number): CloseReason['kind'] | 'lost' {
  const kinds = Object.keys(quicCloseCodes) as CloseReason['kind'][]; // invariant: a Record with exactly these keys
  return kinds.find((kind) => quicCloseCodes[kind] === code) ?? 'lost';
}

describeReal('QUIC on the network', () => {
  it('rejects a client with another protocol, and no other', async () => {
    const { listener, accepted } = await open();
    const port = portOf(listener);
    const stranger = QuicClient.connect({ port, ca: certificate.ca, alpn: 'h3', handshakeMs: 300 });
    await expect(stranger).rejects.toThrow(
      /^no answer from 127\.0\.0\.1 port \d+ over QUIC; .* and that it supports h3$/,
    );
    const client = await connect(listener);
    client.write(frameOf(20));
    await until(() => accepted.length === 1);
  });

  it('reports failed handshakes', async () => {
    const { listener } = await open({ maxIdleTimeoutMs: 300 });
    const faults = faultsOf(listener);
    const [port, { cert }] = [portOf(listener), await newCertificate()];
    await expect(QuicClient.connect({ port, ca: certificate.ca, alpn: 'h3', handshakeMs: 300 })).rejects.toThrow();
    await until(() => faults.length === 1);
    await expect(QuicClient.connect({ port, ca: cert })).rejects.toThrow();
    await until(() => faults.length === 2);
    const remoteAddress = expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/) as unknown;
    expect(faults).toEqual([
      { kind: 'handshake', remoteAddress, text: 'it uses another protocol than clasp/2 over QUIC' },
      { kind: 'handshake', remoteAddress, text: "it does not trust this router's certificate" },
    ]);
  });

  it('gives a client a plain reason why it cannot connect', async () => {
    const { listener } = await open();
    const { cert } = await newCertificate();
    await expect(QuicClient.connect({ port: portOf(listener), ca: cert })).rejects.toThrow(
      /^no QUIC connection to 127\.0\.0\.1 port \d+: its certificate is not trusted or not issued to localhost; provide /,
    );
    const target = { port: 7331, alpn: 'clasp/2', address: 'nowhere.invalid' };
    await expect(http3Provider().connect(target)).rejects.toThrow(
      /^no QUIC connection to nowhere\.invalid port 7331: .*ENOTFOUND/,
    );
  });

  it('serves other clients while one connects and sends nothing', async () => {
    const { listener, accepted } = await open({ handshakeMs: 1_000 });
    const silent = await connect(listener);
    const client = await connect(listener);
    client.write(frameOf(20));
    await until(() => accepted.length === 1);
    expect(await silent.ended).toEqual({
      kind: 'closed',
      code: quicCloseCodes.policy,
      text: 'no stream was opened within 1 s',
    });
    expect(accepted).toHaveLength(1);
  });

  it('survives invalid packets', async () => {
    const { listener, client, inbox } = await connected();
    const socket = createSocket('udp4');
    // Random bytes are only noise. These have the bits of long and short headers, of version negotiation and of Initial
    // packets.
    for (const first of [0x00, 0x40, 0x53, 0x80, 0xc0, 0xc3, 0xff]) {
      for (const length of [1, 7, 50, 1_200, 9_000]) {
        const garbage = Buffer.alloc(length, first);
        garbage.writeUInt8(first, 0);
        socket.send(garbage, portOf(listener), '127.0.0.1');
      }
    }
    await turns(20);
    client.write(frameOf(20, 1));
    await inbox.receive(2);
    const other = await connect(listener);
    await other.close(0);
    await new Promise<void>((resolve) => socket.close(resolve));
  });

  it('reports a killed client as lost after the idle time', async () => {
    const { client, inbox } = await connected({ maxIdleTimeoutMs: 300 });
    client.relay.close();
    expect(await inbox.ended).toEqual(new ConnectionLost('the peer is gone: idle timeout'));
    expect(await client.ended).toEqual({ kind: 'lost', text: 'idle timeout' });
  });

  it('keeps a silent client that is alive', async () => {
    const { client, inbox } = await connected({ maxIdleTimeoutMs: 400, pingIntervalMs: 50 });
    await inbox.receiveBatches(20); // the first has the frame, and each other one is the answer to a ping
    client.write(frameOf(20, 1));
    await inbox.receive(2);
    expect(numbersOf(inbox)).toEqual([0, 1]);
  });

  it('allows no second stream', async () => {
    const { listener, accepted } = await open();
    const { default: http3 } = await import('@currentspace/http3');
    const session = await http3.connectQuicAsync(
      { address: '127.0.0.1', port: portOf(listener), servername: 'localhost' },
      { ca: certificate.ca, alpn: ['clasp/2'], connectTimeoutMs: 5_000, runtimeMode: 'portable' },
    );
    session.on('error', () => undefined);
    cleanUps.push(() => session.close());
    const stream = session.openStream();
    stream.on('error', () => undefined);
    stream.write(frameOf(20, 1));
    expect(() => session.openStream().write(frameOf(20, 9))).toThrow('StreamLimit');
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    stream.write(frameOf(20, 2));
    await inbox.receive(2);
    expect(numbersOf(inbox)).toEqual([1, 2]);
  });

  it('reports bytes that are not a frame', async () => {
    const { client, inbox } = await connected();
    client.write(Buffer.from('GET / HTTP/1.1'));
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    const text = 'bytes that are not a frame';
    expect(await client.ended).toEqual({ kind: 'closed', code: quicCloseCodes.protocol, text });
  });

  it('keeps its port until the last peer has left, then releases it', async () => {
    const { listener, client, connection, inbox } = await connected();
    let shut = false;
    const closed = listener.close().then(() => (shut = true));
    const late = await connect(listener).then(
      (lateClient) => lateClient.ended,
      () => undefined, // closed before it had finished connecting
    );
    if (late !== undefined) expect(late).toMatchObject({ code: quicCloseCodes.goingAway });
    client.write(frameOf(20, 1));
    await inbox.receive(2);
    connection.write(framed('raw', [frameOf(20, 2)]));
    await client.receive(1);
    expect(shut).toBe(false);
    client.end();
    await closed;
    await (await quic({ ...local, port: portOf(listener) }).listen()).close();
  });

  it('keeps nothing of 50 clients that connect and disconnect at once', async () => {
    const { listener, accepted } = await open();
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(listener)));
    clients.forEach((client, i) => {
      client.write(frameOf(20, i));
    });
    await until(() => accepted.length === 50);
    const inboxes = accepted.map(({ batches$ }) => new Inbox(batches$));
    await Promise.all(inboxes.map((inbox) => inbox.receive(1)));
    clients.forEach((client, i) => {
      if (i % 2 === 0) client.end();
      else void client.close(ABORTED);
    });
    const ends = await Promise.all(inboxes.map(({ ended }) => ended));
    const ended = String(new ConnectionLost('the peer ended its stream without a close message'));
    expect(ends.filter((end) => String(end) === ended)).toHaveLength(25);
    await listener.close(); // waits for each of them
  });
});

describeReal('an unavailable QUIC port', () => {
  it('reports that it is in use, with the fix', async () => {
    const { listener } = await open();
    const port = portOf(listener);
    await expect(quic({ ...local, port }).listen()).rejects.toThrow(
      `port ${port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports an address that this computer does not have, or an invalid one', async () => {
    await expect(quic({ ...local, host: '192.0.2.1' }).listen()).rejects.toThrow(
      'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
    );
    await expect(quic({ ...local, host: 'nowhere.invalid' }).listen()).rejects.toThrow(
      'the host name nowhere.invalid cannot be resolved; choose an address of this computer with the option host',
    );
  });

  it('reports an invalid port', async () => {
    await expect(quic({ ...local, port: 70_000 }).listen()).rejects.toThrow('port 70000 is invalid; choose');
  });

  it('reports what is wrong with the certificate', async () => {
    const { key } = await newCertificate();
    const withCredentials = (credentials: TlsCredentials): Promise<Listener> =>
      quic({ ...local, tls: { credentials, renewed$: NEVER } }).listen();
    for (const credentials of [
      { key: certificate.key, cert: 'nonsense' },
      { key: 'nonsense', cert: certificate.cert },
    ]) {
      await expect(withCredentials(credentials)).rejects.toThrow(
        /^the certificate for QUIC or its private key cannot be read \(.+\); provide both as PEM, the key without a passphrase$/,
      );
    }
    await expect(withCredentials({ key, cert: certificate.cert })).rejects.toEqual(
      new TransportError('the certificate for QUIC does not belong to the private key; provide a matching pair'),
    );
  });
});
