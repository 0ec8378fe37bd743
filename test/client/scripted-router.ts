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

/** A router under control of a test, at the other end of in-memory links. Time advances only on request. */
export class ScriptedRouter {
  readonly clock = new CountingClock();
  /** All connections so far, the latest last. */
  readonly sessions: ScriptedSession[] = [];
  /** Answers to each HELLO. */
  answers: (hello: Message, session: ScriptedSession) => readonly Message[] = (_, session) => [welcome(session.id)];
  /** Whether SYNCs are answered immediately, or only by {@link ScriptedSession.answerSyncs}. */
  answersSyncs = true;
  /** Whether new connections succeed. */
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

  /** Returns a connected client. */
  async connect(options: ClientOptions = {}, link = this.link()): Promise<Client> {
    return new Client(link, { clock: this.clock, random: () => 0, ...options }).opened();
  }

  /** Advances the time second by second, with messages answered in between. */
  async advance(milliseconds: number): Promise<void> {
    await this.clock.pass(milliseconds);
  }

  get latest(): ScriptedSession {
    return this.sessions.at(-1)!; // invariant: called with a session
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

  /** Returns all messages of a type, in order. */
  all<T extends MessageType>(type: T): Extract<Message, { type: T }>[] {
    return this.received
      .map(({ message }) => message)
      .filter((message): message is Extract<Message, { type: T }> => message.type === type);
  }

  /** Types of the messages since HELLO, in order. */
  get types(): readonly MessageType[] {
    return this.received.map(({ message }) => message.type).slice(1);
  }

  /** Sends all messages in one packet, and delivers it. */
  async say(...messages: readonly Message[]): Promise<void> {
    await this.sayBytes(Buffer.concat(messages.map((message) => encodeFrame(message))));
  }

  async sayBytes(bytes: Uint8Array): Promise<void> {
    this.connection.write(bytes);
    await turns();
  }

  /** Answers the waiting SYNCs in one packet, after the given messages. */
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

/** Clears the bytes after each read, as the buffers of a network do. */
function forgetful(events: LinkEvents): LinkEvents {
  const received: LinkEvents['received'] = (frames) => {
    const passing = frames.map((frame) => (typeof frame === 'string' ? frame : Uint8Array.from(frame)));
    events.received(passing);
    for (const frame of passing) if (typeof frame !== 'string') frame.fill(0);
  };
  return { opened: () => events.opened(), received, closed: (cause) => events.closed(cause) };
}

/** A clock that counts its pending timers. */
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

/** Returns the same promise. A rejection before the test awaits it is not unhandled. */
export function kept<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Returns the current outcome of a promise. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return Promise.race([settled, turns(2).then(() => 'waiting')]);
}
