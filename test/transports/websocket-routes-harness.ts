import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { type HttpRoute } from '../../src/http/index.js';
import { cleanUps } from '../support/clean-ups.js';
import { openListener } from '../support/open-listener.js';
import { RawSocket } from '../support/raw-socket.js';

export interface Served {
  readonly url: string;
  readonly port: number;
  readonly close: () => Promise<void>;
  readonly accepted: () => number;
}

/** A WebSocket listener with routes. */
export async function serve(routes: readonly HttpRoute[], options: WebSocketOptions = {}): Promise<Served> {
  const { listener, accepted } = await openListener(
    webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, routes, ...options }),
  );
  const { port, url } = listener.addresses[0]!;
  return { url: url.replace('ws:', 'http:'), port, close: () => listener.close(), accepted: () => accepted.length };
}

export function answering(answer: HttpRoute['answer'] & object): HttpRoute {
  return { answer };
}

export async function raw(port: number, request: string): Promise<RawSocket> {
  const socket = await RawSocket.connect(port);
  cleanUps.push(() => {
    socket.destroy();
  });
  socket.write(request);
  return socket;
}
