import { Subject } from 'rxjs';
import type { Connection, Listener, Transport } from '../../../src/transports/transport.js';
import { TransportError } from '../../../src/net/transport-error.js';

/** A transport that the test controls. */
export interface FakeTransport extends Transport {
  /** Number of listen calls. */
  attempts(): number;
  /** Opens the last requested listener. */
  open(): FakeListener;
  /** Fails to open the last requested listener. */
  refuse(error?: Error): void;
}

export interface FakeListener extends Listener {
  readonly connections$: Subject<Connection>;
  /** Number of close calls. */
  closeCalls(): number;
  /** Frees the port. */
  finishClosing(): void;
}

export function fakeTransport(): FakeTransport {
  let attempts = 0;
  let answer: PromiseWithResolvers | undefined;
  const asked = (): PromiseWithResolvers => {
    if (answer === undefined) throw new Error('nobody has asked this transport to listen');
    const last = answer;
    answer = undefined;
    return last;
  };
  return {
    name: 'fake',
    attempts: () => attempts,
    listen() {
      attempts++;
      return new Promise((resolve, reject) => {
        answer = { resolve, reject };
      });
    },
    open() {
      const listener = fakeListener(attempts);
      asked().resolve(listener);
      return listener;
    },
    refuse(error = new TransportError('port 7330 is already in use')) {
      asked().reject(error);
    },
  };
}

interface PromiseWithResolvers {
  readonly resolve: (listener: Listener) => void;
  readonly reject: (error: Error) => void;
}

function fakeListener(port: number): FakeListener {
  let closeCalls = 0;
  let finish: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const connections$ = new Subject<Connection>();
  return {
    connections$,
    addresses: [{ transport: 'fake', host: 'fake', port, url: `fake://fake:${port}` }],
    close() {
      closeCalls++;
      return closed;
    },
    closeCalls: () => closeCalls,
    finishClosing() {
      connections$.complete();
      finish?.();
    },
  };
}

/** Waits until all pending promise callbacks have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
