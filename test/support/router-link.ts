import { createActor, SimulatedClock } from 'xstate';
import { type Logger, silentLogger } from '../../src/core/ports.js';
import { routerLogic } from '../../src/actors/router/router-logic.js';
import { RouterSession } from '../../src/core/session.js';
import type { SessionEvent } from '../../src/core/session-events.js';
import { Deframer } from '../../src/protocol/deframer.js';
import { decodeFrame } from '../../src/protocol/frame.js';
import { defaultQos } from '../../src/protocol/messages/index.js';
import type { Message } from '../../src/protocol/messages/message.js';
import type { CloseReason } from '../../src/util/close-reason.js';
import { coreDefaults } from './core-harness.js';

export const HIGH_WATER = 1_000;

/** A router actor, and links whose sockets accept as much as the test sets. */
export function setUp(logger: Logger = silentLogger): {
  connect: (maxQueueBytes?: number) => Link;
  router: ReturnType<typeof start>;
  clock: SimulatedClock;
  deferred: (() => void)[];
} {
  const deferred: (() => void)[] = [];
  const clock = new SimulatedClock();
  const router = start(deferred, clock, logger);
  let count = 0;
  return {
    router,
    clock,
    deferred,
    connect: (maxQueueBytes = 10_000) => new Link(router, `session-${++count}`, maxQueueBytes),
  };
}

function start(
  deferred: (() => void)[],
  clock: SimulatedClock,
  logger: Logger,
): ReturnType<typeof createActor<typeof routerLogic>> {
  return createActor(routerLogic, {
    input: {
      ...coreDefaults,
      highWaterBytes: HIGH_WATER,
      maxSendBufferBytes: 0,
      clock,
      logger,
      defer: (callback) => void deferred.push(callback),
    },
  }).start();
}

export class Link {
  readonly session: RouterSession;
  readonly events: SessionEvent[] = [];
  readonly writes: Uint8Array[] = [];
  closed: CloseReason | undefined;
  bufferedBytes = 0;
  /** Whether the peer reads. */
  reads = true;
  readonly #router: ReturnType<typeof start>;
  readonly #deframer = new Deframer();

  constructor(router: ReturnType<typeof start>, id: string, maxQueueBytes: number) {
    this.#router = router;
    // `this` is used for the fields of the link, like those of a real socket.
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const link = this;
    this.session = new RouterSession({
      id,
      link: {
        transport: 'test',
        remoteAddress: 'test',
        framing: 'raw',
        encoding: undefined,
        get bufferedBytes() {
          return link.bufferedBytes;
        },
        write: (bytes) => {
          this.writes.push(bytes);
          if (!this.reads) this.bufferedBytes += bytes.length;
        },
        close: (reason) => void (this.closed = reason),
        destroy: () => undefined,
      },
      notify: (event) => {
        this.events.push(event);
        const phases = {
          'hello.accepted': 'active',
          'connection.congested': 'congested',
          'connection.drained': 'active',
        } as const;
        this.session.phase = event.type in phases ? phases[event.type as keyof typeof phases] : 'draining';
      },
      nowMicros: 0,
      maxQueueBytes,
      maxQueueMessages: 1_000,
    });
    this.session.phase = 'awaitingHello';
    router.send({ type: 'session.opened', session: this.session });
    this.send({ type: 'hello', version: 1, name: id, features: [] });
    this.read();
  }

  send(...messages: Message[]): void {
    const frames = messages.map((message) => ({ message, qos: defaultQos(message), encoding: 'binary' as const }));
    this.#router.send({ type: 'inbound.batch', batches: [{ session: this.session, frames, receivedMicros: 0 }] });
  }

  /** Returns what was written since the last call. */
  read(): Message[] {
    return this.writes
      .splice(0)
      .flatMap((bytes) => this.#deframer.push(bytes).map((frame) => decodeFrame(frame).message));
  }

  drain(): void {
    this.bufferedBytes = 0;
    this.#router.send({ type: 'session.drained', session: this.session });
  }
}
