import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { STREAM_REFUSED } from '../../../src/transports/quic/constants.js';
import type { Http3 } from '../../../src/transports/quic/http3-module.js';
import { http3Provider } from '../../../src/transports/quic/http3-provider.js';
import {
  quic,
  type QuicHandshakeFailure,
  type QuicServer,
  type QuicSession,
} from '../../../src/transports/quic/index.js';
import { TransportError } from '../../../src/net/transport-error.js';
import { FakeStream } from '../../support/fake-quic.js';
import { turns } from '../../support/inbox.js';
import { certificate, local } from '../quic-harness.js';

describe('without a working QUIC library', () => {
  const missing = http3Provider(() => Promise.reject(new Error('Cannot find package')));
  /** The JavaScript of the package exists, but no binary for this computer. */
  const foreign = http3Provider(() => {
    const reject = (): Promise<never> => Promise.reject(new Error('Cannot find native binding. npm has a bug'));
    const server = Object.assign(new EventEmitter(), { listen: reject, close: () => Promise.resolve() });
    const http3: Http3 = { createQuicServer: () => server, connectQuicAsync: reject };
    return Promise.resolve({ default: http3 });
  });
  const [install, unfit] = [
    'QUIC needs the package @currentspace/http3: install it with "npm install @currentspace/http3" ' +
      '(it has binaries for Linux (x64 and arm64, glibc 2.34 or later) and for macOS (arm64)), or disable QUIC',
    'QUIC is not available on this computer: @currentspace/http3 does not support it ' +
      '(it has binaries for Linux (x64 and arm64, glibc 2.34 or later) and for macOS (arm64)); disable QUIC',
  ];

  it.each([
    ['missing', missing, install],
    ['not for this computer', foreign, unfit],
  ])('fails with one sentence if it is %s', async (_, provider, sentence) => {
    await expect(quic({ ...local, provider }).listen()).rejects.toEqual(new TransportError(sentence));
    const target = { address: '127.0.0.1', port: 7331, alpn: 'clasp/2' };
    await expect(provider.connect(target)).rejects.toEqual(new TransportError(sentence));
  });

  it('loads none before first use', () => {
    let loads = 0;
    const provider = http3Provider(() => {
      loads++;
      return Promise.reject(new Error('too early'));
    });
    quic({ ...local, provider });
    expect(loads).toBe(0);
  });
});

describe('events of @currentspace/http3', () => {
  /** The observable part of its server. */
  interface Inside {
    readonly _sessions: Map<number, object>;
    _onSessionClose(event: { readonly connHandle: number; readonly meta?: { readonly errorCode: number } }): void;
    /** The handles of the calls above. */
    readonly closes: readonly number[];
  }

  /** The package without its native part, with the same behavior. */
  async function loaded(): Promise<{
    port: QuicServer;
    server: EventEmitter & Inside;
    sessions: QuicSession[];
    failures: QuicHandshakeFailure[];
    faults: Error[];
  }> {
    const closes: number[] = [];
    const inside: Inside = {
      _sessions: new Map(),
      _onSessionClose: ({ connHandle }) => void closes.push(connHandle),
      closes,
    };
    const server = Object.assign(new EventEmitter(), inside, {
      listen: (port: number, address: string) => Promise.resolve({ address, port }),
      close: () => Promise.resolve(),
    });
    const http3: Http3 = {
      createQuicServer: () => server,
      connectQuicAsync: () => Promise.reject(new Error('not here')),
    };
    const sessions: QuicSession[] = [];
    const failures: QuicHandshakeFailure[] = [];
    const faults: Error[] = [];
    const port = await http3Provider(() => Promise.resolve({ default: http3 })).listen({
      ...certificate,
      port: 0,
      host: '127.0.0.1',
      alpn: 'clasp/2',
      limits: { maxConnections: 1, maxIdleTimeoutMs: 1, streamWindowBytes: 1 },
      onSession: (session) => sessions.push(session),
      onFailedHandshake: (failure) => failures.push(failure),
      onFault: (error) => faults.push(error),
    });
    return { port, server, sessions, failures, faults };
  }

  it('of a closed session do not concern the port; events of the runtime do', async () => {
    const { server, faults } = await loaded();
    server.emit('error', Object.assign(new Error('session error'), { code: 'ERR_HTTP3_SESSION_ERROR' }));
    server.emit('error', new Error('no code at all'));
    const fault = Object.assign(new Error('recvmsg failed'), { code: 'ERR_HTTP3_RUNTIME_UNSUPPORTED' });
    server.emit('error', fault);
    expect(faults).toEqual([fault]);
  });

  it('for streams are passed on for bidirectional streams of the client', async () => {
    const { server, sessions } = await loaded();
    const handle = Object.assign(new EventEmitter(), { remoteAddress: '192.0.2.7', remotePort: 1 });
    server.emit('session', handle);
    const streams: unknown[] = [];
    sessions[0]!.handle({
      stream: (stream) => streams.push(stream),
      datagram: () => undefined,
      closed: () => undefined,
    });
    const made = [0, 1, 2, 3].map((id) => Object.assign(new FakeStream(), { id }));
    for (const stream of made) {
      handle.emit('stream', stream);
      stream.emit('error', new Error('stream reset: 0')); // would end the process without a listener
    }
    expect(streams).toEqual([made[0]]);
    expect(made.map(({ resetWith }) => resetWith)).toEqual([undefined, ...Array<number>(3).fill(STREAM_REFUSED)]);
  });

  it('for an end are passed on once, and pings of a closed session have no effect', async () => {
    const { server, sessions } = await loaded();
    const handle = Object.assign(new EventEmitter(), {
      remoteAddress: '192.0.2.7',
      remotePort: 1,
      ping: () => {
        throw new Error('unknown connection');
      },
      getMetrics: () => null,
    });
    server.emit('session', handle);
    const ends: unknown[] = [];
    sessions[0]!.handle({ stream: () => undefined, datagram: () => undefined, closed: (end) => ends.push(end) });
    sessions[0]!.ping();
    expect(sessions[0]!.traffic()).toBeUndefined();
    handle.emit('error', new Error('session error'));
    handle.emit('close', { errorCode: 0, reason: 'idle timeout' });
    handle.emit('close', { errorCode: 5, reason: '' });
    expect(ends).toEqual([{ kind: 'lost', text: 'idle timeout' }]);
  });

  it('for a router that closes immediately become one sentence', async () => {
    const session = Object.assign(new EventEmitter(), {
      openStream: () => {
        throw new Error('the router accepts no more connections');
      },
      close: () => Promise.resolve(),
      sendDatagram: () => false,
      getMetrics: () => null,
    });
    const http3: Http3 = {
      createQuicServer: () => {
        throw new Error('not here');
      },
      connectQuicAsync: () => Promise.resolve(session),
    };
    const target = { address: '127.0.0.1', port: 7331, alpn: 'clasp/2' };
    await expect(http3Provider(() => Promise.resolve({ default: http3 })).connect(target)).rejects.toEqual(
      new TransportError('no QUIC connection to 127.0.0.1 port 7331: the router accepts no more connections'),
    );
  });

  it.each([
    [0x100 + 120, 'it uses another protocol than clasp/2 over QUIC'],
    [0x100 + 48, "it does not trust this router's certificate"],
    [0x100 + 80, 'its QUIC handshake failed with TLS alert 80'],
    [0, 'it disconnected during its QUIC handshake'],
  ])('for a handshake that failed with code %i become words', async (errorCode, text) => {
    const { server, failures } = await loaded();
    const strange = Object.assign(new EventEmitter(), { remoteAddress: '192.0.2.7', remotePort: 1 });
    server._sessions.set(1, strange);
    server._onSessionClose({ connHandle: 1, meta: { errorCode } });
    expect(failures).toEqual([{ remoteHost: '192.0.2.7', remotePort: 1, text }]);
    server._sessions.set(2, strange);
    server.emit('session', strange);
    server._onSessionClose({ connHandle: 2, meta: { errorCode } });
    server._onSessionClose({ connHandle: 3 });
    expect([failures.length, server.closes]).toEqual([1, [1, 2, 3]]);
  });

  it('for local closes are not awaited, because they come late or never', async () => {
    const { port, server, sessions } = await loaded();
    const closes: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      server.emit('session', Object.assign(new EventEmitter(), { close: (...with_: unknown[]) => closes.push(with_) }));
    }
    const ends = sessions.map((session) => {
      const told: unknown[] = [];
      session.handle({ stream: () => undefined, datagram: () => undefined, closed: (end) => told.push(end) });
      return told;
    });
    sessions[0]!.close(5, 'why');
    expect(ends).toEqual([[], []]); // not during the call
    await turns();
    sessions[0]!.close(6, 'again');
    await port.close();
    expect(closes).toEqual([[5, 'why']]);
    expect(ends).toEqual([[{ kind: 'closed', code: 5, text: 'why' }], [{ kind: 'lost', text: 'the port was closed' }]]);
  });
});
