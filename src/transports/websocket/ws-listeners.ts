import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { withoutStacks } from '../../util/without-stacks.js';
import { endWithinBudget } from './lean-peer.js';

type SocketListener<Values extends unknown[]> = (this: Socket, ...values: Values) => void;

/**
 * Replaces the listener that `ws` has just added to a socket. `ws` can still remove it by its own function, as with the
 * wrappers of `once`.
 *
 * @param wrap returns the replacement, which calls the original listener
 */
export function replaceWsListener<Values extends unknown[]>(
  socket: Socket,
  event: 'data' | 'end' | 'close',
  wrap: (original: (...values: Values) => void) => (...values: Values) => void,
): void {
  // Invariant: Node calls listeners of an event with the values of that event, which the caller declares.
  const listeners = socket.listeners(event) as SocketListener<Values>[];
  const listener = listeners.at(-1);
  if (listener === undefined) return;
  const replacement = wrap((...values) => {
    listener.apply(socket, values);
  });
  socket.removeListener(event, listener as () => void);
  socket.on(event, Object.assign(replacement, { listener }) as () => void);
}

/**
 * Calls `onEnd` when the peer has ended its side, and `onClose` when the connection has ended. `ws` ends its stream of messages twice, when the peer has ended its
 * side and when the socket has closed, and Node makes an unused error of the second end. Here these errors
 * have no stack traces (14 µs per connection), but those of `onClose` have.
 *
 * @param onClose receives the close code
 */
export function onWsClose(
  peer: WebSocket,
  socket: Socket,
  { onEnd, onClose }: { readonly onEnd: () => void; readonly onClose: (code: number) => void },
): void {
  let isSocketClosing = false;
  let closeCode: number | undefined;
  replaceWsListener<[]>(socket, 'end', (listener) => () => {
    endWithinBudget(() => {
      if (socket.destroyed) return;
      onEnd();
      withoutStacks(listener);
    });
  });
  replaceWsListener<[boolean]>(socket, 'close', (listener) => (hadError) => {
    isSocketClosing = true;
    withoutStacks(() => {
      listener(hadError);
    });
    isSocketClosing = false;
    if (closeCode !== undefined) onClose(closeCode);
  });
  peer.on('close', (code: number) => {
    if (isSocketClosing) closeCode = code;
    else onClose(code);
  });
}
