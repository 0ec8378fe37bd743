import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { connect, linkTo } from '../../../src/client/node.js';
import { codedError } from '../../support/coded-error.js';
import type { QuicConnectOptions, QuicProvider } from '../../../src/transports/quic/index.js';

describe('a URL', () => {
  it.each([
    ['ws://host:7330', true, true],
    ['wss://host', true, true],
    ['tcp://host:5000', true, false],
    ['tls://host:5000', true, false],
    ['unix:/run/clasp.sock', true, false],
    ['udp://host', false, false],
    ['quic://[::1]:7331', true, false],
  ])('%s has a link', (url, reliable, carriesText) => {
    expect(linkTo(url)).toMatchObject({ url, reliable, carriesText });
  });

  it('has no link with an unknown option', async () => {
    const call = linkTo as (url: string, options: unknown) => unknown; // untyped
    const text = 'linkTo has no option "serverName"; did you mean "servername"?';
    expect(await codedError(() => call('ws://host', { serverName: 'x' }))).toMatchObject({ message: text });
    expect((await codedError(() => call('ws://host', 5))).message).toBe(
      'the options of linkTo must be an object, not 5',
    );
  });

  it('udp: accepts no frame larger than a datagram', () => {
    expect(linkTo('udp://host').maxFrameBytes).toBe(65_507);
    expect(linkTo('tcp://host:1').maxFrameBytes).toBeUndefined();
  });

  it.each([
    ['http://host', /^"http:\/\/host" is not the URL of a router; it must start with ws:, wss:, tcp:/],
    ['host:7330', /is not the URL of a router/],
    ['', /is not the URL of a router/],
    ['tcp://host', /^"tcp:\/\/host" is incomplete; write host:port after the \/\/$/],
    ['tcp://host:0', /is incomplete/],
    ['udp://', /is not a valid URL|is incomplete/],
    ['udp://host:99999', /^"udp:\/\/host:99999" is not a valid URL$/],
  ])('%s is rejected with one sentence', (url, sentence) => {
    expect(() => linkTo(url)).toThrow(
      expect.objectContaining({ kind: 'unreachable', message: expect.stringMatching(sentence) }),
    );
  });

  it('that is invalid rejects connect(), which never throws', async () => {
    await expect(connect('nowhere')).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(connect('ws://no host')).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('with JSON requires a WebSocket', async () => {
    await expect(connect('tcp://127.0.0.1:1', { encoding: 'json' })).rejects.toThrow(
      'this link does not carry JSON; choose binary or cbor',
    );
  });
});

describe('quic:', () => {
  it('passes the URL and the options to its provider', async () => {
    let asked: QuicConnectOptions | undefined;
    const quicProvider: Pick<QuicProvider, 'connect'> & Partial<QuicProvider> = {
      connect: (options) => {
        asked = options;
        return Promise.reject(new Error('not today'));
      },
    };
    const attempt = connect('quic://[::1]', {
      quicProvider: quicProvider as QuicProvider, // nothing listens here
      ca: 'PEM',
      servername: 'stage.local',
      connectTimeoutMs: 3_001,
    });
    await expect(attempt).rejects.toThrow('cannot connect to quic://[::1]: not today');
    expect(asked).toEqual({
      address: '::1',
      port: 7331,
      alpn: 'clasp/2',
      ca: 'PEM',
      servername: 'stage.local',
      handshakeMs: 1_501,
    });
  });

  it('closes a connection that arrives after the attempt ended', async () => {
    const closes: unknown[] = [];
    let arrive: (link: never) => void = () => undefined;
    // See above.
    const quicProvider = { connect: () => new Promise((resolve) => (arrive = resolve)) } as unknown as QuicProvider;
    const link = linkTo('quic://host', { quicProvider });
    const heard: string[] = [];
    const events = {
      opened: () => heard.push('opened'),
      received: () => heard.push('received'),
      closed: () => heard.push('closed'),
    };
    link.open(events, 'binary').destroy();
    arrive({
      stream: new EventEmitter(),
      closed: new Promise(() => undefined),
      close: (...args: unknown[]) => {
        closes.push(args);
        return Promise.resolve();
      },
    } as never); // the used part of a QuicLink
    await new Promise(setImmediate);
    expect(closes).toEqual([[0, '']]);
    expect(heard).toEqual([]);
  });
});
