import { afterEach } from '@jest/globals';
import { createRouter, type Router, type RouterOptions } from '../../src/index.js';
import { memory, type MemoryTransport } from '../../src/transports/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { HelloMessage, Message } from '../../src/protocol/messages/message.js';
import type { MemoryClient } from '../../src/transports/memory/index.js';
import { recordingLogger } from '../actors/session/recording-logger.js';
import { Inbox } from '../support/inbox.js';
import { SteadyClock } from '../support/steady-clock.js';

export const hello: HelloMessage = { type: 'hello', version: 1, name: 'desk', features: ['param'] };

/** Routers that are stopped after the test. */
export let routers: Router[] = [];

afterEach(async () => {
  const open = routers;
  routers = [];
  await Promise.all(open.map((router) => router.stop()));
});

export interface RouterUnderTest {
  readonly router: Router;
  readonly transport: MemoryTransport;
  readonly clock: SteadyClock;
  readonly logger: ReturnType<typeof recordingLogger>;
}

export async function startRouter(options: RouterOptions = {}): Promise<RouterUnderTest> {
  const clock = new SteadyClock();
  const logger = recordingLogger();
  const router = createRouter({ clock, logger, ...options });
  routers.push(router);
  const transport = memory({ clock });
  await router.listen(transport);
  return { router, transport, clock, logger };
}

/** A peer of the router that reads its input. */
export class Client {
  readonly link: MemoryClient;
  readonly inbox: Inbox;

  constructor(transport: MemoryTransport) {
    this.link = transport.connect();
    this.inbox = new Inbox(this.link.batches$);
  }

  send(...messages: readonly Message[]): void {
    this.link.write(Buffer.concat(messages.map((message) => encodeFrame(message))));
  }

  get received(): readonly Message[] {
    return this.inbox.frames.map((frame) => decodeFrame(frame as Uint8Array).message); // no peer uses JSON here
  }

  async sayHello(): Promise<void> {
    this.send(hello);
    await this.inbox.receive(2);
  }
}
