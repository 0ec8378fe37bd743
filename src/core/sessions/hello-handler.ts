import type { helloOptions } from './hello-options.js';
import type { OptionValues } from '../../util/option.js';
import { utf8Length } from '../../protocol/bytes/utf8.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { InboundFrame, InboundMessage } from '../../protocol/inbound.js';
import { MAX_NAME_BYTES } from '../../protocol/limits.js';
import { detached } from '../../protocol/messages/index.js';
import type { HelloMessage } from '../../protocol/messages/message.js';
import type { Scope } from '../../protocol/scope.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { Replies } from '../delivery/replies.js';
import type { PendingFrame, RouterSession } from '../session.js';
import { messageForm, wireForm } from '../delivery/wire-form.js';

export interface AdmissionOptions extends OptionValues<typeof helloOptions> {
  /** Reads the router's monotonic clock, in microseconds. */
  readonly nowMicros: () => number;
}

/** Handles HELLO, which must be the first message of a connection (router.md 3.2). */
export class HelloHandler {
  readonly #options: AdmissionOptions;
  readonly #replies: Replies;
  readonly #joined: (session: RouterSession) => void;
  readonly #limit: (session: RouterSession, scopes: readonly Scope[]) => void;
  readonly #offsets: ClockOffsets;

  /**
   * @param limit limits a session to the scopes of its link
   * @param joined called after a session has received its WELCOME
   * @param offsets for the time in WELCOME
   */
  constructor(
    options: AdmissionOptions,
    replies: Replies,
    joined: (session: RouterSession) => void,
    limit: (session: RouterSession, scopes: readonly Scope[]) => void,
    offsets: ClockOffsets,
  ) {
    this.#limit = limit;
    this.#options = options;
    this.#offsets = offsets;
    this.#replies = replies;
    this.#joined = joined;
  }

  /** Handles the first frame of a connection. */
  take(session: RouterSession, { message, encoding }: InboundFrame): void {
    // The encoding of HELLO determines the encoding of replies. Legacy MessagePack senders get compact binary.
    const { link } = session;
    const written = encoding === 'legacy' ? 'binary' : encoding;
    session.form = link.deliver === undefined ? wireForm(link.framing, written) : messageForm;
    if (message.type !== 'hello') {
      const text =
        message.type === 'malformed'
          ? `The first frame is no HELLO: ${message.error.message}`
          : `The first message must be HELLO, not ${message.type}`;
      session.notify({ type: 'hello.refused', error: new ClaspError(ErrorCode.InvalidMessage, text) });
      return;
    }
    const { name, features, token } = message;
    const nameBytes = utf8Length(name);
    if (nameBytes > MAX_NAME_BYTES) {
      // 101, not 300: the message is malformed, on a router without authentication too.
      const text = `The name in HELLO has ${nameBytes} bytes; the limit is ${MAX_NAME_BYTES}`;
      session.notify({ type: 'hello.refused', error: new ClaspError(ErrorCode.InvalidMessage, text) });
      return;
    }
    const hasToken = token !== undefined && token !== '';
    if (link.scopes !== undefined) {
      this.#limit(session, link.scopes);
      session.notify({ type: 'hello.accepted', name, features });
      this.#welcome(session, message);
    } else if (this.#options.securityMode === 'open' || (link.isTrusted === true && !hasToken)) {
      session.notify({ type: 'hello.accepted', name, features });
      this.#welcome(session, message);
    } else if (!hasToken) {
      const error = new ClaspError(ErrorCode.Unauthorized, 'Authentication required');
      session.notify({ type: 'hello.refused', error });
    } else {
      session.pending = { hello: message, frames: [], receivedBytes: session.traffic.receivedBytes };
      session.notify({ type: 'hello.received', name, features });
    }
  }

  /** Stores a frame that arrives before the response to HELLO, because some clients do not wait for it. */
  hold({ pending, notify, traffic }: RouterSession, frame: InboundFrame, receivedMicros: number): void {
    if (pending === undefined) return;
    const bytes = traffic.receivedBytes - pending.receivedBytes;
    if (pending.frames.length < MAX_PENDING_FRAMES && bytes <= MAX_PENDING_BYTES) {
      pending.frames.push({ frame: { ...frame, message: kept(frame.message) }, receivedMicros });
      return;
    }
    const text =
      `More than ${MAX_PENDING_FRAMES} messages or ${MAX_PENDING_BYTES} bytes arrived before the token was checked; ` +
      `wait for WELCOME`;
    notify({ type: 'hello.refused', error: new ClaspError(ErrorCode.RateLimited, text) });
  }

  /**
   * Accepts a session with a valid token.
   *
   * @returns the frames that arrived in the meantime
   */
  admit(session: RouterSession): readonly PendingFrame[] {
    const { pending } = session;
    session.pending = undefined; // releases the token too
    if (pending === undefined) return [];
    this.#welcome(session, pending.hello);
    return pending.frames;
  }

  #welcome(session: RouterSession, hello: HelloMessage): void {
    const { name, features, nowMicros } = this.#options;
    session.name = hello.name;
    session.features = hello.features;
    const readMicros = nowMicros(); // the offset belongs to this clock reading
    const time = readMicros + this.#offsets.protocolAheadMicros;
    this.#replies.send(session, { type: 'welcome', version: 1, session: session.id, name, features, time });
    this.#joined(session);
  }
}

/** Maximum frames between a HELLO and its response, and the bytes of the reads that brought them. */
const MAX_PENDING_FRAMES = 256;
const MAX_PENDING_BYTES = 262_144;

function kept(message: InboundMessage): InboundMessage {
  switch (message.type) {
    case 'malformed':
    case 'rateLimited':
    case 'remove':
      return message;
    default:
      return detached(message);
  }
}
