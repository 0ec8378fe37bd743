import { beforeAll } from '@jest/globals';
import { EMPTY } from 'rxjs';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { type TestCertificate, testCertificate } from '../support/certificates.js';
import { RawSocket } from '../support/raw-socket.js';

import { cleanUps } from '../support/clean-ups.js';
import { openListener, portOf } from '../support/open-listener.js';
import { local } from './websocket-harness.js';

export let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await testCertificate();
});

/** An open listener, and the rejections that it reports. */
export interface ObservedPort {
  readonly port: number;
  readonly faults: RejectedConnection[];
  readonly isDone: () => boolean;
  readonly close: () => Promise<void>;
}

export async function open(options: WebSocketOptions & { readonly encrypted?: boolean } = {}): Promise<ObservedPort> {
  const { encrypted = false, ...others } = options;
  const tls = encrypted ? { credentials: certificate, renewed$: EMPTY } : undefined;
  const { listener } = await openListener(webSocket({ ...local, tls, ...others }));
  const faults: RejectedConnection[] = [];
  let done = false;
  listener.rejected$!.subscribe({
    next: (fault) => faults.push(fault),
    complete: () => {
      done = true;
    },
  });
  return { port: portOf(listener), faults, isDone: () => done, close: () => listener.close() };
}

export async function peer(port: ObservedPort): Promise<RawSocket> {
  const raw = await RawSocket.connect(port.port);
  cleanUps.push(() => {
    raw.destroy();
  });
  return raw;
}
