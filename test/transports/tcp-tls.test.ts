import { describe, expect, it } from '@jest/globals';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { NEVER, Subject } from 'rxjs';
import { tcp, type TcpOptions } from '../../src/transports/tcp/index.js';
import type { TlsCredentials } from '../../src/net/tls.js';
import { type Connection, ConnectionLost, type Listener, type Transport } from '../../src/transports/transport.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { cleanUps } from '../support/clean-ups.js';
import { newCertificate } from '../support/certificates.js';
import { faultsOf } from '../support/rejected-connections.js';
import { framed, frameOf } from '../support/frames.js';
import { fromHex } from '../support/hex.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket } from '../support/raw-socket.js';
import { TcpClient } from '../support/tcp-client.js';
import { SteadyClock } from '../support/steady-clock.js';
import { certificate, ended, local, open, refusal, tls, trust } from './tcp-harness.js';
import { portOf, urlOf } from '../support/open-listener.js';

describe('a rejected TCP peer', () => {
  /** A listener with TLS, its reports of rejected peers, and its name for a bare socket. */
  async function openTls(options: Partial<TcpOptions> = {}): Promise<{
    listener: Listener;
    accepted: Connection[];
    faults: RejectedConnection[];
    knock: () => Promise<{ raw: RawSocket; remoteAddress: string }>;
  }> {
    const opened = await open(tcp({ ...local, tls, ...options }));
    const knock = async (): Promise<{ raw: RawSocket; remoteAddress: string }> => {
      const raw = await RawSocket.connect(portOf(opened.listener));
      cleanUps.push(() => {
        raw.destroy();
      });
      return { raw, remoteAddress: `127.0.0.1:${raw.socket.localPort}` };
    };
    return { ...opened, knock, faults: faultsOf(opened.listener) };
  }

  it('is reported if it is silent for 10 s', async () => {
    const clock = new SteadyClock();
    const { faults, knock, accepted } = await openTls({ clock });
    const { raw, remoteAddress } = await knock();
    await pendingHandshake(clock);
    clock.increment(9_999);
    expect(faults).toEqual([]);
    await clock.pass(1);
    expect(faults).toEqual([{ kind: 'timeout', remoteAddress, text: 'no TLS handshake within 10 s' }]);
    await ended(raw);
    await turns(10);
    expect([faults.length, accepted.length]).toEqual([1, 0]);
  });

  it('is reported if it does not use TLS, with the reason of OpenSSL and none of its bytes', async () => {
    const { faults, knock } = await openTls();
    const { raw, remoteAddress } = await knock();
    raw.write('GET /secret HTTP/1.1\r\n\r\n');
    await until(() => faults.length > 0);
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text: 'its TLS handshake failed: http request' }]);
    await ended(raw);
    await turns(10);
    expect(faults).toHaveLength(1);
  });

  it('is reported if it disconnects', async () => {
    const { faults, knock } = await openTls();
    const { raw, remoteAddress } = await knock();
    await turns(5);
    raw.socket.resetAndDestroy();
    await until(() => faults.length > 0);
    const text = 'it disconnected during its TLS handshake';
    expect(faults).toEqual([{ kind: 'handshake', remoteAddress, text }]);
  });

  it('is not an accepted peer, nor one that waited when the listener closed; then the reports complete', async () => {
    const { listener, faults, knock, accepted } = await openTls();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    let complete = false;
    listener.rejected$!.subscribe({ complete: () => (complete = true) });
    const { raw } = await knock();
    await turns(5);
    expect(complete).toBe(false);
    await listener.close();
    await ended(raw);
    client.vanish();
    expect([faults, complete]).toEqual([[], true]);
  });

  it('does not exist without TLS: the session handles silence', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, clock }));
    const faults = faultsOf(listener);
    const raw = await RawSocket.connect(portOf(listener));
    await until(() => accepted.length === 1);
    clock.increment(3_600_000);
    raw.socket.resetAndDestroy();
    await turns(10);
    expect(faults).toEqual([]);
  });
});

/** Resolves when a listener with this clock has a pending handshake, and its deadline runs. */
async function pendingHandshake(clock: SteadyClock): Promise<void> {
  const { timeouts } = clock as unknown as { readonly timeouts: ReadonlyMap<number, unknown> }; // not in its types
  await until(() => timeouts.size > 0);
}

/** A proxy between a client and a port, under control of the test. */
async function proxy(port: number): Promise<{ readonly url: string; onward(): Socket }> {
  const onward: Socket[] = [];
  const server = createServer((socket) => {
    const next = connect(port, '127.0.0.1');
    onward.push(next);
    for (const end of [socket, next]) end.on('error', () => undefined);
    next.on('close', () => socket.destroy());
    socket.pipe(next).pipe(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanUps.push(() => server.close());
  const address = server.address() as AddressInfo; // invariant: it listens on a port
  return { url: `tls://127.0.0.1:${address.port}`, onward: () => onward[0]! };
}

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('supports %s', async (version) => {
    const { listener } = await open(tcp({ ...local, tls }));
    const client = await TcpClient.connect(urlOf(listener), { ...trust, minVersion: version, maxVersion: version });
    expect(client.protocol).toBe(version);
    client.vanish();
  });

  it('supports no older version, with any settings of Node.js', async () => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(TcpClient.connect(urlOf(listener), { ...trust, ...old })).rejects.toThrow('alert protocol version');
    expect(accepted).toEqual([]);
  });

  it('cuts off peers without a handshake, and accepts others meanwhile', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, tls, clock }));
    const silent = await RawSocket.connect(portOf(listener));
    const halfway = await RawSocket.connect(portOf(listener));
    const left = await RawSocket.connect(portOf(listener));
    halfway.write(fromHex('160301'));
    left.socket.end(); // half-open, and silent
    await turns(20);
    const quick = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    clock.increment(9_999);
    await turns(20);
    expect([silent, halfway, left].map(({ socket }) => socket.readableEnded)).toEqual([false, false, false]);
    clock.increment(1);
    await Promise.all([silent, halfway, left].map(ended));
    quick.send(frameOf(20, 1));
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
    for (const { socket } of [silent, halfway, left, quick]) socket.destroy();
  });

  it('applies the configured handshake timeout', async () => {
    const clock = new SteadyClock();
    const { listener } = await open(tcp({ ...local, tls, clock, handshakeMs: 500 }));
    const silent = await RawSocket.connect(portOf(listener));
    await turns(20);
    clock.increment(500);
    await ended(silent);
    silent.destroy();
  });

  it.each([
    ['plain frames', framed('length', [frameOf(20)])],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a broken handshake', fromHex('16030100050100000102')],
  ])('survives %s instead', async (_, bytes) => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(bytes);
    await ended(raw);
    raw.destroy();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    client.vanish();
  });

  it('survives a peer that resets during its handshake', async () => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const raw = await RawSocket.connect(portOf(listener));
    raw.write(fromHex('160301'));
    raw.socket.resetAndDestroy();
    const client = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    client.vanish();
  });

  it.each([
    ['whose bytes are tampered with', (between: Socket) => between.write(fromHex('17030300050102030405'))],
    ['whose connection is reset', (between: Socket) => between.resetAndDestroy()],
  ])('loses a peer %s', async (_, harm) => {
    const { listener, accepted } = await open(tcp({ ...local, tls }));
    const between = await proxy(portOf(listener));
    const client = await TcpClient.connect(between.url, trust);
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    client.send(frameOf(20, 1));
    await inbox.receive(1);
    harm(between.onward());
    expect(await inbox.ended).toBeInstanceOf(ConnectionLost);
    expect(String(inbox.end)).toContain('the connection failed: ');
    client.vanish();
  });

  it('closes connections in a handshake when the listener closes', async () => {
    const { listener } = await open(tcp({ ...local, tls }));
    const silent = await RawSocket.connect(portOf(listener));
    await turns(20);
    await listener.close();
    await ended(silent);
    silent.destroy();
  });

  it('uses a renewed certificate for new connections, and keeps open ones', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener, accepted } = await open(tcp({ ...local, tls: { credentials: certificate, renewed$ } }));
    const early = await TcpClient.connect(urlOf(listener), trust);
    await until(() => accepted.length === 1);
    const inbox = new Inbox(accepted[0]!.batches$);
    const renewed = await newCertificate();
    renewed$.next(renewed);
    const late = await TcpClient.connect(urlOf(listener), { ...trust, ca: renewed.ca });
    await expect(TcpClient.connect(urlOf(listener), trust)).rejects.toThrow();
    early.send(frameOf(20, 1));
    expect(await inbox.receive(1)).toEqual([frameOf(20, 1)]);
    for (const client of [early, late]) client.vanish();
    await listener.close();
    expect(renewed$.observed).toBe(false);
  });

  it('keeps its certificate if the new one is invalid or the source fails', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener } = await open(tcp({ ...local, tls: { credentials: certificate, renewed$ } }));
    renewed$.next({ key: 'no', cert: 'neither' });
    renewed$.next({ key: (await newCertificate()).key, cert: certificate.cert });
    (await TcpClient.connect(urlOf(listener), trust)).vanish();
    renewed$.error(new Error('the disk is gone'));
    (await TcpClient.connect(urlOf(listener), trust)).vanish();
  });

  it('reports what is wrong with a certificate or a key', async () => {
    const other = await newCertificate();
    const secure = (credentials: TlsCredentials): Transport => tcp({ ...local, tls: { credentials, renewed$: NEVER } });
    const unreadable =
      /^TLS rejects this certificate or its private key \(.+\); provide both as PEM, the key without a passphrase$/;
    expect((await refusal(secure({ key: certificate.key, cert: 'no PEM' }))).message).toMatch(unreadable);
    expect((await refusal(secure({ key: 'no PEM', cert: certificate.cert }))).message).toMatch(unreadable);
    expect((await refusal(secure({ key: other.key, cert: certificate.cert }))).message).toBe(
      'the private key does not belong to the certificate; provide a matching pair',
    );
  });

  it('unsubscribes from the source if the port is not available', async () => {
    const renewed$ = new Subject<TlsCredentials>();
    const { listener } = await open(tcp(local));
    await refusal(tcp({ ...local, port: portOf(listener), tls: { credentials: certificate, renewed$ } }));
    expect(renewed$.observed).toBe(false);
  });
});
