import { singly } from '../../src/protocol/frame-run.js';
import type { SingleFrame } from '../../src/transports/transport.js';
import { Client } from '../../src/client/client.js';
import { connectionLink } from '../../src/client/connection-link.js';
import type { Link, LinkEvents } from '../../src/client/link.js';
import type { ClientOptions } from '../../src/client/options.js';
import { decodeJson } from '../../src/protocol/encodings/json.js';
import { decodeFrame, encodeFrame, type Frame } from '../../src/protocol/frame.js';
import type { Message, MessageType } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { memoryLink, type MemoryConnection } from '../../src/transports/memory/index.js';
import { turns } from '../support/inbox.js';
import { WallClock } from '../support/steady-clock.js';

/** A router that does what a test tells it, at the other end of links in memory; time stands still unless it is moved. */
export class ScriptedRouter {
  readonly clock = new CountingClock();
  /** Every connection there was, the latest last. */
  readonly sessions: ScriptedSession[] = [];
  /** What each HELLO is answered with. */
  answers: (hello: Message, session: ScriptedSession) => readonly Message[] = (_, session) => [welcome(session.id)];
  /** Whether SYNCs are answered at once, or only by {@link ScriptedSession.answerSyncs}. */
  answersSyncs = true;
  /** Whether anybody can get through. */
  isReachable = true;

  link(traits: Partial<Pick<Link, 'reliable' | 'carriesText' | 'maxFrameBytes'>> = {}): Link {
    const link = connectionLink(() => {
      if (!this.isReachable) throw new Error('the cable is out');
      const { client, server } = memoryLink({ clock: this.clock });
      this.sessions.push(new ScriptedSession(this, server));
      return client;
    });
    return { ...link, ...traits, open: (events, encoding) => link.open(forgetful(events), encoding) };
  }

  /** A client that has got in. */
  async connect(options: ClientOptions = {}, link = this.link()): Promise<Client> {
    return new Client(link, { clock: this.clock, random: () => 0, ...options }).opened();
  }

  /** Lets time pass, a second at a time, as it does when messages can be answered meanwhile. */
  async advance(milliseconds: number): Promise<void> {
    await this.clock.pass(milliseconds);
  }

  get latest(): ScriptedSession {
    return this.sessions.at(-1)!; // asked for where there is one
  }
}

export class ScriptedSession {
  readonly id: string;
  readonly received: Frame[] = [];
  readonly connection: MemoryConnection;
  isOver = false;
  readonly #router: ScriptedRouter;
  #unanswered: Message[] = [];

  constructor(router: ScriptedRouter, connection: MemoryConnection) {
    this.#router = router;
    this.connection = connection;
    this.id = `session-${router.sessions.length + 1}`;
    const end = (): void => {
      this.isOver = true;
    };
    connection.batches$.subscribe({
      next: (frames) => {
        for (const frame of singly<SingleFrame>(frames))
          this.#take(typeof frame === 'string' ? decodeJson(frame) : decodeFrame(frame));
      },
      complete: end,
      error: end,
    });
  }

  /** All messages of a type, in order. */
  all<T extends MessageType>(type: T): Extract<Message, { type: T }>[] {
    return this.received
      .map(({ message }) => message)
      .filter((message): message is Extract<Message, { type: T }> => message.type === type);
  }

  /** Types of what came in since HELLO, in order. */
  get types(): readonly MessageType[] {
    return this.received.map(({ message }) => message.type).slice(1);
  }

  /** Says it all in one packet, and lets it arrive. */
  async say(...messages: readonly Message[]): Promise<void> {
    await this.sayBytes(Buffer.concat(messages.map((message) => encodeFrame(message))));
  }

  async sayBytes(bytes: Uint8Array): Promise<void> {
    this.connection.write(bytes);
    await turns();
  }

  /** Answers the SYNCs that have waited, with anything else in front, in one packet. */
  async answerSyncs(...ahead: readonly Message[]): Promise<void> {
    const waiting = this.#unanswered;
    this.#unanswered = [];
    await this.say(...ahead, ...waiting.map((sync) => this.syncAnswer(sync)));
  }

  syncAnswer(sync: Message): Message {
    const now = Math.floor(this.#router.clock.now() * 1_000);
    return { type: 'sync', t1: sync.type === 'sync' ? sync.t1 : 0, t2: now, t3: now };
  }

  #take(frame: Frame): void {
    const { message } = frame;
    this.received.push(frame);
    if (message.type === 'hello') this.#send(...this.#router.answers(message, this));
    else if (message.type === 'sync') {
      if (this.#router.answersSyncs) this.#send(this.syncAnswer(message));
      else this.#unanswered.push(message);
    }
  }

  #send(...messages: readonly Message[]): void {
    for (const message of messages) this.connection.write(encodeFrame(message));
  }
}

/** As a network's buffers are: what was in them is gone when they have been read. */
function forgetful(events: LinkEvents): LinkEvents {
  const received: LinkEvents['received'] = (frames) => {
    const passing = frames.map((frame) => (typeof frame === 'string' ? frame : Uint8Array.from(frame)));
    events.received(passing);
    for (const frame of passing) if (typeof frame !== 'string') frame.fill(0);
  };
  return { opened: () => events.opened(), received, closed: (cause) => events.closed(cause) };
}

/** A clock that knows how many of its timers are still to ring. */
export class CountingClock extends WallClock {
  readonly #waiting = new Set<unknown>();

  get timers(): number {
    return this.#waiting.size;
  }

  override setTimeout(callback: (...args: unknown[]) => void, milliseconds: number): number {
    const id = super.setTimeout(() => {
      this.#waiting.delete(id);
      callback();
    }, milliseconds);
    this.#waiting.add(id);
    return id;
  }

  override clearTimeout(id: number): void {
    this.#waiting.delete(id);
    super.clearTimeout(id);
  }
}

export function welcome(session: string): Message {
  return { type: 'welcome', version: 1, session, name: 'scripted', features: ['param'], time: 0 };
}

export function ack(address: string, revision: number): Message {
  return { type: 'ack', address, revision };
}

export function failure(code: number, message: string, address?: string): Message {
  return { type: 'error', code, message, address };
}

export function setTo(address: string, value: Value, revision: number): Message {
  return { type: 'set', address, value: encodeValue(value), revision };
}

export function snapshot(...entries: readonly (readonly [address: string, value: Value, revision: number])[]): Message {
  return {
    type: 'snapshot',
    params: entries.map(([address, value, revision]) => ({ address, value: encodeValue(value), revision })),
  };
}

/** The same promise; that it rejects before a test looks at it is no accident. */
export function kept<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** What a promise has come to by now. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return Promise.race([settled, turns(2).then(() => 'waiting')]);
}
