import { Subject } from 'rxjs';
import type { Connection, Listener, Transport } from '../../../src/transports/transport.js';
import { TransportError } from '../../../src/net/transport-error.js';

/** A transport whose every move the test makes. */
export interface FakeTransport extends Transport {
  /** How often it was asked to listen. */
  attempts(): number;
  /** The door asked for last opens. */
  open(): FakeListener;
  /** The door asked for last does not open. */
  refuse(error?: Error): void;
}

export interface FakeListener extends Listener {
  readonly connections$: Subject<Connection>;
  /** How often it was told to close. */
  closeCalls(): number;
  /** The port is free. */
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

/** Lets everything happen that promises have to do. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
