import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { TickBudgetQueue } from '../../net/tick-budget-queue.js';
import { withoutStacks } from '../../util/without-stacks.js';

/** The listeners that `ws` adds to a socket, by event. */
const names = { data: 'socketOnData', end: 'socketOnEnd', close: 'socketOnClose' } as const;

type SocketListener<Values extends unknown[]> = (this: Socket, ...values: Values) => void;

/**
 * Replaces a listener that `ws` has added to a socket. `ws` can still remove it by its own function, as with the
 * wrappers of `once`. A version of `ws` with other listeners is left as it is.
 *
 * @param wrap returns the replacement, which calls the original listener
 */
export function replaceWsListener<Values extends unknown[]>(
  socket: Socket,
  event: keyof typeof names,
  wrap: (original: (...values: Values) => void) => (...values: Values) => void,
): void {
  // Invariant: Node calls listeners of an event with the values of that event, which the caller declares.
  const listeners = socket.listeners(event) as SocketListener<Values>[];
  const listener = listeners.findLast(({ name }) => name === names[event]);
  if (listener === undefined) return;
  const replacement = wrap((...values) => {
    listener.apply(socket, values);
  });
  socket.removeListener(event, listener as () => void);
  socket.on(event, Object.assign(replacement, { listener }) as () => void);
}

/**
 * Peers that end their side, of all WebSocket ports. Closing the socket costs Node and `ws` about 60 µs, so a limited
 * number is closed per turn of the event loop: when 5,000 peers vanished at once, the router stood still for 0.4 to 1 s.
 */
const ends = new TickBudgetQueue<() => void>({
  perTurn: 16,
  pass: (end) => {
    end();
  },
});

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
    ends.push(() => {
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
