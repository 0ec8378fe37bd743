import { type PeerDeadline, setAwaitedDeadline } from '../util/peer-deadline.js';
import { decodeJson, MAX_ROUTER_JSON_TEXT } from '../protocol/encodings/json.js';
import type { Qos } from '../protocol/enumerations.js';
import { ClaspError } from '../protocol/errors.js';
import { decodeFrame } from '../protocol/frame.js';
import { defaultQos } from '../protocol/messages/index.js';
import type { ErrorMessage, Message, PublishMessage, WelcomeMessage } from '../protocol/messages/message.js';
import { claspErrorOf, ClientError, errorOf } from './client-error.js';
import { cookieOf, tokenWith } from './cookie.js';
import { EndCause, type SessionPhase } from './end-cause.js';
import { GestureOrder, mayBeLost } from './gesture-order.js';
import { encodeFor } from './encode.js';
import { KeepAlive } from './keep-alive.js';
import { isCloseReason, mayBeCloseReason } from './close-reason.js';
import type { Channel, Link, LinkEvents } from './link.js';
import type { ResolvedOptions } from './options.js';

export interface SessionEvents {
  /** WELCOME has arrived, and messages can be sent. Called again if the router has started a new session. */
  welcomed(welcome: WelcomeMessage): void;
  /** Any other message of the router. */
  received(message: Message): void;
  /** Bytes of the router that are not a message; at most once per second. */
  faulty(error: ClaspError): void;
  /** The keep-alive is due. */
  keepAlive(): void;
  /** Called once, as the last event. @param cause the reason; a ClaspError if the router reported it */
  ended(cause: Error): void;
}

/** Milliseconds between HELLOs on a link that can lose them. */
const HELLO_REPEAT_MS = 1_000;
/** Maximum milliseconds that a router can take to answer a close. */
const CLOSE_GRACE_MS = 2_000;
/** Minimum milliseconds between two reports of malformed frames. */
const FAULT_REPORT_MS = 1_000;
/**
 * Maximum cookies accepted from one router. A correct router sends a second one only if the first has expired in
 * transit.
 */
const MAX_COOKIES = 5;

/**
 * One connection from its start to its end, used once: the link's channel, HELLO and WELCOME, the encoding, the time
 * limits.
 */
export class Session {
  readonly #link: Link;
  readonly #options: ResolvedOptions;
  readonly #events: SessionEvents;
  #channel: Channel | undefined;
  readonly #gestures: GestureOrder;
  #phase: SessionPhase = 'opening';
  #cookie: string | undefined;
  #cookieCount = 0;
  /** HELLOs that were sent and not yet answered by a WELCOME. */
  #openHellos = 0;
  readonly #endCause: EndCause;
  readonly #keepAlive: KeepAlive;
  #lastFaultMs = -Infinity;
  readonly #setupDeadline: PeerDeadline;
  #helloTimer: unknown;
  #closeDeadline: PeerDeadline | undefined;

  constructor(link: Link, options: ResolvedOptions, events: SessionEvents) {
    this.#link = link;
    this.#options = options;
    this.#events = events;
    const { clock, connectTimeoutMs, keepAliveMs, encoding } = options;
    this.#gestures = new GestureOrder(clock);
    this.#endCause = new EndCause(link.url, clock);
    this.#keepAlive = new KeepAlive({
      clock,
      keepAliveMs,
      send: () => {
        events.keepAlive();
      },
      lost: (silentMs) => {
        this.#end(new ClientError('lost', `the router has been silent for ${Math.round(silentMs / 1000)} s`));
      },
    });
    const expire = (): void => {
      const stage = this.#phase === 'opening' ? 'could be reached' : 'has accepted this client';
      this.#end(new ClientError('unreachable', `no router at ${link.url} ${stage} within ${connectTimeoutMs} ms`));
    };
    this.#setupDeadline = setAwaitedDeadline(clock, expire, connectTimeoutMs);
    void Promise.resolve().then(() => {
      this.#open(encoding === 'json' && !link.carriesText);
    });
  }

  /** Whether messages can be sent. */
  get isWelcomed(): boolean {
    return this.#phase === 'welcomed';
  }

  get bufferedBytes(): number {
    return this.#channel?.bufferedBytes ?? 0;
  }

  /** Marks the session as set up. From then on, the keep-alive is the only time limit. */
  settled(): void {
    this.#setupDeadline.clear();
  }

  /**
   * Sends a message if the session is welcomed.
   *
   * @param qos by default the message's own
   * @throws EncodeError if it does not fit a frame of this link
   */
  send(message: Message, qos?: Qos): void {
    const channel = this.#channel;
    const hasDatagrams = channel?.hasDatagrams === true;
    const outgoing = hasDatagrams ? this.#gestures.timed(message) : message;
    if (channel?.sendMessage !== undefined) {
      if (this.#phase === 'welcomed') channel.sendMessage(outgoing, qos ?? defaultQos(outgoing));
      return;
    }
    const frame = encodeFor(this.#link, this.#options.encoding, outgoing, qos);
    if (this.#phase !== 'welcomed' || channel === undefined) return;
    if (hasDatagrams && typeof frame !== 'string' && mayBeLost(outgoing) && channel.sendLoosely?.(frame) === true)
      return;
    channel.send(frame);
  }

  /** Closes the session. `ended` follows with this cause, after at most two seconds. */
  close(cause: Error): void {
    if (this.#phase === 'ended' || this.#phase === 'closing') return;
    if (this.#phase === 'opening') {
      this.#end(cause);
      return;
    }
    this.#phase = 'closing';
    this.#endCause.own = cause;
    this.#clearTimers();
    const cutOff = (): void => {
      this.#end(cause);
    };
    this.#closeDeadline = setAwaitedDeadline(this.#options.clock, cutOff, CLOSE_GRACE_MS);
    this.#channel?.close();
  }

  /** Cuts the session. `ended` has been called when this returns. */
  fail(cause: Error): void {
    this.#end(cause);
  }

  #open(lacksText: boolean): void {
    if (this.#phase !== 'opening') return;
    try {
      if (lacksText) throw new Error('this link does not carry JSON; choose binary or cbor');
      this.#channel = this.#link.open(this.#linkEvents, this.#options.encoding);
    } catch (cause) {
      this.#end(this.#endCause.unreachable(errorOf(cause)));
    }
  }

  readonly #linkEvents: LinkEvents = {
    opened: () => {
      if (this.#phase !== 'opening') return;
      this.#phase = 'greeting';
      this.#sayHello();
    },
    received: (frames) => {
      for (const frame of frames) this.#receive(frame);
    },
    receivedMessages: (messages) => {
      this.#keepAlive.received();
      for (const message of messages) this.#handle(message);
    },
    closed: (cause) => {
      this.#end(this.#endCause.ofClose(this.#phase, cause));
    },
  };

  #sayHello(): void {
    const { clock, name, features, token, encoding } = this.#options;
    const hello: Message = { type: 'hello', version: 1, name, features, token: tokenWith(this.#cookie, token) };
    this.#openHellos++;
    try {
      if (this.#channel?.sendMessage !== undefined) this.#channel.sendMessage(hello, defaultQos(hello));
      else this.#channel?.send(encodeFor(this.#link, encoding, hello));
    } catch (cause) {
      this.#end(errorOf(cause)); // a name or token of 64 KB
      return;
    }
    if (this.#link.reliable) return;
    clock.clearTimeout(this.#helloTimer);
    this.#helloTimer = clock.setTimeout(() => {
      this.#sayHello();
    }, HELLO_REPEAT_MS);
  }

  #receive(frame: Uint8Array | string): void {
    this.#keepAlive.received();
    if (!this.#isListening) return;
    let message: Message;
    try {
      ({ message } = typeof frame === 'string' ? decodeJson(frame, MAX_ROUTER_JSON_TEXT) : decodeFrame(frame));
    } catch (error) {
      if (!(error instanceof ClaspError)) throw error;
      this.#faulty(error);
      return;
    }
    this.#handle(message);
  }

  get #isListening(): boolean {
    return this.#phase === 'greeting' || this.#phase === 'welcomed';
  }

  #handle(message: Message): void {
    if (!this.#isListening) return; // the previous message may have ended the session
    if (this.#phase === 'greeting') return this.#greet(message);
    if (message.type === 'error' && this.#endsSession(message)) return;
    if (message.type === 'publish' && message.signal === 'gesture' && !this.#isInOrder(message)) return;
    if (message.type === 'welcome') this.#welcome(message);
    else this.#events.received(message);
  }

  #isInOrder(message: PublishMessage): boolean {
    const hasDatagrams = this.#channel?.hasDatagrams;
    return hasDatagrams === undefined || this.#gestures.takes(message, hasDatagrams);
  }

  /** A repeated HELLO creates another session at the router, which has none of the first one's subscriptions. */
  #welcome(message: WelcomeMessage): void {
    if (this.#openHellos === 0) return;
    this.#openHellos--;
    this.#events.welcomed(message);
  }

  /**
   * Records an ERROR about the whole session: it explains a disconnect that follows. Datagrams have no disconnect.
   * There the ERROR ends the session if its code can only mean that. @returns whether the session has ended
   */
  #endsSession(message: ErrorMessage): boolean {
    if (mayBeCloseReason(message)) this.#endCause.explainedBy(claspErrorOf(message));
    if (this.#link.reliable || !isCloseReason(message)) return false;
    this.#end(claspErrorOf(message));
    return true;
  }

  /** Handles messages before WELCOME. Over UDP the first is the router's request to validate this address. */
  #greet(message: Message): void {
    if (message.type === 'welcome') {
      this.#phase = 'welcomed';
      this.#options.clock.clearTimeout(this.#helloTimer);
      this.#keepAlive.start();
      this.#welcome(message);
    } else if (message.type === 'error') {
      const cookie = this.#link.reliable ? undefined : cookieOf(message);
      if (cookie === undefined || this.#cookieCount >= MAX_COOKIES) this.#end(claspErrorOf(message));
      // The same cookie again answers a repeated HELLO; the HELLO with the cookie is already sent.
      else if (cookie !== this.#cookie) {
        this.#cookieCount++;
        this.#cookie = cookie;
        this.#sayHello();
      }
    }
  }

  #faulty(error: ClaspError): void {
    const now = this.#options.clock.now();
    if (now - this.#lastFaultMs < FAULT_REPORT_MS) return;
    this.#lastFaultMs = now;
    this.#events.faulty(error);
  }

  #end(cause: Error): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#clearTimers();
    this.#channel?.destroy();
    this.#events.ended(cause);
  }

  #clearTimers(): void {
    this.#options.clock.clearTimeout(this.#helloTimer);
    this.#setupDeadline.clear();
    this.#closeDeadline?.clear();
    this.#keepAlive.stop();
  }
}
