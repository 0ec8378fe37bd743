import type { RawData, WebSocket } from 'ws';
import type { Client } from '../client/index.js';
import { type Clock, setBackgroundTimer } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import { judgeAfterInput, type PeerDeadline } from '../util/peer-deadline.js';
import { valueOfJson } from '../protocol/encodings/json-value.js';
import { ClaspError } from '../protocol/errors.js';
import { type AccessRule, PageAccess } from './page-access.js';
import { parsePageMessage } from './page-message.js';
import type { FeedMessage, PageMessage, View } from './feed.js';
import type { RunningView, SendText, SendFeed } from './views.js';

/** Services that a feed connection needs from the inspector. */
export interface FeedHost {
  readonly clock: Clock;
  /** What the page must present first. */
  readonly access: AccessRule;
  /** Whether another page can open. */
  readonly hasCapacity: () => boolean;
  /** Called when the page has presented a valid key or token. */
  readonly opened: () => void;
  /** @param needs what the page still has to present */
  readonly welcome: (needs: 'token' | 'key' | undefined) => FeedMessage;
  /** Starts a view. @throws ClaspError if the pattern is invalid */
  readonly watch: (
    watch: Extract<PageMessage, { readonly type: 'watch' }>,
    sendFeed: SendFeed,
    send: SendText,
  ) => RunningView;
  /** Starts the list of actors, which the page receives in addition to its views. It is sent at every change. */
  readonly watchActors: (sendFeed: SendFeed) => RunningView;
  /** Opens a session for the writes of the page. */
  readonly connect: (token: string | undefined) => Promise<Client>;
  /**
   * Called with the reason when the page is disconnected because it does not read. The page itself cannot receive the
   * reason.
   */
  readonly disconnected: (why: string) => void;
}

/** Maximum bytes queued for a page. Above it, the page gets no messages until it has caught up. */
const MAX_BEHIND_BYTES = 4 << 20;
/**
 * Queue size, in bytes, at which a page counts as caught up. It is above 0, because a view with its own queue can
 * always have data in flight.
 */
const CAUGHT_UP_BYTES = 1 << 20;
/** Milliseconds after which a page is disconnected that does not catch up, or reads nothing from its queue. */
const TIMEOUT_MS = 30_000;
const LOOK_MS = 1_000;
/** Maximum answers kept for a page that is behind. */
const MAX_MISSED = 256;

/** One page: its views and its send queue. */
export class FeedConnection {
  readonly #socket: WebSocket;
  readonly #host: FeedHost;
  readonly #views = new Map<View, { readonly watch: Extract<PageMessage, { type: 'watch' }>; running: RunningView }>();
  #actors: RunningView | undefined;
  readonly #access: PageAccess;
  #token: string | undefined;
  /** The page was closed or has disconnected. Its further messages are ignored. */
  #isOver = false;
  #writer: Promise<Client> | undefined;
  #behindSinceMs: number | undefined;
  /** Time at which the page last read something, or its queue was empty. */
  #tookAtMs: number;
  /** Answers to writes, kept until the page has caught up. */
  readonly #missed: FeedMessage[] = [];
  #timer: unknown;
  /** Set while the timeout has passed but unread input can still show that the page reads. */
  #deadline: PeerDeadline | undefined;
  readonly #stopWatchingClock: () => void;

  constructor(socket: WebSocket, host: FeedHost) {
    this.#socket = socket;
    this.#host = host;
    this.#tookAtMs = host.clock.now();
    this.#access = new PageAccess({
      clock: host.clock,
      rule: host.access,
      hasCapacity: host.hasCapacity,
      admitted: (token) => {
        this.#token = token;
        this.#welcome();
      },
      refused: (text) => {
        this.#sendFeed({ type: 'refused', text });
      },
      ended: (reason) => {
        this.close(reason);
      },
    });
    socket.on('message', this.#onMessage);
    socket.on('error', () => undefined); // 'close' follows
    socket.once('close', () => {
      this.#stop();
    });
    this.#stopWatchingClock = ClockWatch.of(host.clock).hold();
    this.#welcome();
    this.#look();
  }

  /** Whether the page gets more than a welcome. */
  get isAllowed(): boolean {
    return this.#access.isAllowed;
  }

  /** @param reason text that the page shows */
  close(reason: string): void {
    this.#sendFeed({ type: 'refused', text: reason });
    this.#stop();
    this.#socket.close(1001);
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    if (this.#isOver) return;
    const message = isBinary ? undefined : parsePageMessage(textOf(data));
    if (message === undefined)
      this.#sendFeed({ type: 'refused', text: 'this is not a message of the inspector’s page' });
    else if (message.type === 'authenticate' || message.type === 'unlock') this.#access.show(message);
    else if (this.#access.needs !== undefined)
      this.#sendFeed({ type: 'refused', text: `the first message must contain a ${this.#access.needs}` });
    else this.#handle(message);
  };

  #handle(message: Exclude<PageMessage, { readonly type: 'authenticate' | 'unlock' }>): void {
    switch (message.type) {
      case 'watch':
        this.#watch(message);
        return;
      case 'unwatch':
        this.#views.get(message.view)?.running.stop();
        this.#views.delete(message.view);
        return;
      case 'set':
        void this.#write(message.id, async (client) => {
          await client.set(message.address, plain(message.value));
        });
        return;
      case 'emit':
        void this.#write(message.id, async (client) => {
          const { address, value } = message;
          const errors: Error[] = [];
          const forget = client.onError((error) => errors.push(error));
          try {
            client.emit(address, value === undefined ? undefined : plain(value));
            await client.ping(); // an ERROR would arrive before the pong
          } finally {
            forget();
          }
          const [error] = errors;
          if (error !== undefined) throw error;
        });
    }
  }

  #watch(watch: Extract<PageMessage, { readonly type: 'watch' }>): void {
    this.#views.get(watch.view)?.running.stop();
    this.#views.delete(watch.view);
    try {
      this.#views.set(watch.view, { watch, running: this.#host.watch(watch, this.#sendFeed, this.#send) });
    } catch (error) {
      if (!(error instanceof ClaspError)) throw error;
      this.#sendFeed({ type: 'refused', text: error.message });
    }
  }

  #welcome(): void {
    const { needs } = this.#access;
    this.#sendFeed(this.#host.welcome(needs));
    if (needs !== undefined) return;
    this.#host.opened();
    this.#watchActors();
  }

  #watchActors(): void {
    this.#actors?.stop();
    this.#actors = this.#host.watchActors(this.#sendFeed);
  }

  /** The session of the page. It opens at the first write, and again if opening failed or the session has ended. */
  async #client(): Promise<Client> {
    if (this.#isOver) throw new Error('the page has disconnected');
    const writer = (this.#writer ??= this.#host.connect(this.#token));
    const forget = (): void => {
      if (this.#writer === writer) this.#writer = undefined;
    };
    try {
      const client = await writer;
      if (client.state !== 'closed') return client;
    } catch (error) {
      forget();
      throw error;
    }
    forget();
    return this.#client();
  }

  async #write(id: number, write: (client: Client) => Promise<void>): Promise<void> {
    try {
      await write(await this.#client());
      this.#sendFeed({ type: 'done', id });
    } catch (error) {
      this.#sendFeed({ type: 'done', id, error: error instanceof Error ? error.message : 'the write failed' });
    }
  }

  readonly #sendFeed = (message: FeedMessage): void => {
    if (this.#isOver || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#behindSinceMs === undefined && this.#socket.bufferedAmount > MAX_BEHIND_BYTES) {
      this.#behindSinceMs = this.#host.clock.now();
    }
    if (this.#behindSinceMs !== undefined) {
      // Views are sent again later, answers are not.
      if (message.type === 'done' && this.#missed.length < MAX_MISSED) this.#missed.push(message);
      return;
    }
    this.#send(JSON.stringify(message), () => undefined);
  };

  readonly #send: SendText = (text, done) => {
    this.#socket.send(text, (error) => {
      if (!error) this.#tookAtMs = this.#host.clock.now();
      done(error);
    });
  };

  /** Sends all views again to a page that has caught up, because it missed messages while it was behind. */
  readonly #look = (): void => {
    const { clock } = this.#host;
    const nowMs = clock.now();
    this.#timer = setBackgroundTimer(clock, this.#look, LOOK_MS);
    const waitingBytes = this.#socket.bufferedAmount;
    if (waitingBytes === 0) this.#tookAtMs = nowMs;
    const ended = this.#access.ended();
    if (ended !== undefined) this.close(ended);
    else if (this.#fault(nowMs) !== undefined) this.#deadline ??= judgeAfterInput(clock, this.#judge);
    else if (this.#behindSinceMs !== undefined && waitingBytes <= CAUGHT_UP_BYTES) this.#catchUp();
  };

  readonly #judge = (): void => {
    this.#deadline = undefined;
    const fault = this.#fault(this.#host.clock.now());
    if (fault === undefined) return;
    if (this.isAllowed) this.#disconnect(fault);
    else this.close(fault);
  };

  /** Returns why the page must be closed, or undefined if its time is not over. */
  #fault(nowMs: number): string | undefined {
    const overdue = this.#access.overdue(nowMs);
    if (overdue !== undefined) return overdue;
    const waitingBytes = this.#socket.bufferedAmount;
    if (waitingBytes > 0 && nowMs - this.#tookAtMs > TIMEOUT_MS) return 'it read nothing for 30 s';
    const behindMs = nowMs - (this.#behindSinceMs ?? Infinity);
    return behindMs > TIMEOUT_MS && waitingBytes > CAUGHT_UP_BYTES ? 'it did not catch up within 30 s' : undefined;
  }

  #catchUp(): void {
    this.#behindSinceMs = undefined;
    for (const done of this.#missed.splice(0)) this.#sendFeed(done);
    this.#watchActors();
    for (const { watch } of [...this.#views.values()]) {
      if (watch.view !== 'stately') this.#watch(watch); // this view has its own queue and has dropped nothing
    }
  }

  #disconnect(why: string): void {
    this.#host.disconnected(why);
    this.#socket.terminate();
  }

  #stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#host.clock.clearTimeout(this.#timer);
    this.#deadline?.clear();
    this.#stopWatchingClock();
    this.#access.stop();
    this.#actors?.stop();
    for (const { running } of this.#views.values()) running.stop();
    this.#views.clear();
    this.#writer?.then(
      (client) => client.close(),
      () => undefined,
    );
  }
}

/** Converts a value from the page for the client. @throws DecodeError that states what is wrong */
function plain(value: unknown): ReturnType<typeof valueOfJson> {
  return valueOfJson(value);
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.from(data as ArrayBuffer).toString('utf8');
}
