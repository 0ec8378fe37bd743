import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel, ClientEncoding } from '../../src/client/link.js';
import { type WebSocketEvent, type WebSocketLike, webSocketLink } from '../../src/client/websocket-link.js';

/** A WebSocket whose other end is the test. */
class FakeWebSocket implements WebSocketLike {
  static latest: FakeWebSocket;
  binaryType = 'blob';
  readyState = 0;
  bufferedAmount = 0;
  readonly url: string;
  readonly protocols: string[];
  readonly calls: unknown[] = [];
  readonly #listeners = new Map<string, Set<(event: WebSocketEvent) => void>>();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.latest = this;
  }

  send(data: string | Uint8Array): void {
    this.calls.push(data);
  }

  close(...args: unknown[]): void {
    this.calls.push(['close', ...args]);
  }

  addEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener));
  }

  removeEventListener(type: string, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  fire(type: string, event: Omit<WebSocketEvent, 'type'> = {}): void {
    if (type === 'open') this.readyState = 1;
    for (const listener of [...(this.#listeners.get(type) ?? [])]) listener({ type, ...event });
  }
}

const heard: unknown[] = [];

function open(encoding: ClientEncoding = 'binary'): { channel: Channel; socket: FakeWebSocket } {
  const link = webSocketLink('ws://host:1', { WebSocket: FakeWebSocket });
  const channel = link.open(
    {
      opened: () => heard.push('opened'),
      received: (frames) => heard.push(...frames),
      closed: (cause) => heard.push(['closed', cause?.message]),
    },
    encoding,
  );
  return { channel, socket: FakeWebSocket.latest };
}

beforeEach(() => {
  heard.length = 0;
});

describe('a WebSocket link', () => {
  it.each<[ClientEncoding, string]>([
    ['binary', 'clasp'],
    ['json', 'clasp'],
    ['cbor', 'clasp.cbor'],
  ])('requests %s with the subprotocol %s', (encoding, subprotocol) => {
    const { socket } = open(encoding);
    expect([socket.url, socket.protocols, socket.binaryType]).toEqual(['ws://host:1', [subprotocol], 'arraybuffer']);
  });

  it('carries one frame or JSON message per WebSocket message, once it is open', () => {
    const { channel, socket } = open();
    channel.send('too early');
    socket.fire('open');
    socket.fire('message', { data: Uint8Array.of(1, 2).buffer });
    socket.fire('message', { data: 'text' });
    socket.fire('message', { data: { neither: true } });
    channel.send(Uint8Array.of(3));
    channel.send('{}');
    socket.bufferedAmount = 7;
    expect(channel.bufferedBytes).toBe(7);
    expect(heard).toEqual(['opened', Uint8Array.of(1, 2), 'text']);
    expect(socket.calls).toEqual([Uint8Array.of(3), '{}']);
  });

  it.each<[string, Omit<WebSocketEvent, 'type'>, string | undefined]>([
    ['1000', { code: 1000, reason: '' }, undefined],
    ['1001', { code: 1001, reason: 'the router is stopping' }, undefined],
    ['1006', { code: 1006, reason: '' }, 'the connection ended without a close'],
    ['1013 with a reason', { code: 1013, reason: 'too slow' }, 'too slow'],
    ['1002 without one', { code: 1002, reason: '' }, 'the router closed it with code 1002'],
  ])('ends at a close with %s', (_, event, cause) => {
    const { socket } = open();
    socket.fire('open');
    socket.fire('close', event);
    socket.fire('close', event);
    expect(heard).toEqual(['opened', ['closed', cause]]);
  });

  it('reports the error that precedes the close', () => {
    const { socket } = open();
    socket.fire('error', { message: 'connect ECONNREFUSED' });
    socket.fire('close', { code: 1006 });
    expect(heard).toEqual([['closed', 'connect ECONNREFUSED']]);
    const other = open();
    other.socket.fire('error');
    other.socket.fire('close', { code: 1006 });
    expect(heard.at(-1)).toEqual(['closed', 'the WebSocket failed']);
  });

  it('closes with 1000, and emits nothing after it is destroyed', () => {
    const { channel, socket } = open();
    socket.fire('open');
    channel.close();
    channel.destroy();
    socket.fire('message', { data: 'late' });
    socket.fire('close', { code: 1000 });
    expect(socket.calls).toEqual([['close', 1000], ['close']]);
    expect(heard).toEqual(['opened']);
  });
});
