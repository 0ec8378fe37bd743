import { type Feature } from '../../protocol/enumerations.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { InboundFrame } from '../../protocol/inbound.js';
import type { HelloMessage } from '../../protocol/messages/message.js';
import type { Replies } from './replies.js';
import type { RouterSession } from './router-session.js';
import { wireForm } from './wire-form.js';

export interface AdmissionOptions {
  /** In WELCOME. */
  readonly name: string;
  /** In WELCOME. */
  readonly features: readonly Feature[];
  readonly securityMode: 'open' | 'authenticated';
  /** The router's clock, for WELCOME: microseconds since the Unix epoch, never going back. */
  readonly nowMicros: () => number;
}

/** The door of the data plane: the first message of a connection, which has to be HELLO (router.md 3.2). */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #replies: Replies;
  readonly #joined: (session: RouterSession) => void;

  /** @param joined a session is in, and has been told so */
  constructor(options: AdmissionOptions, replies: Replies, joined: (session: RouterSession) => void) {
    this.#options = options;
    this.#replies = replies;
    this.#joined = joined;
  }

  /** Takes the first frame of a connection. */
  take(session: RouterSession, { message, encoding }: InboundFrame): void {
    // Its first message says how a peer wants to be spoken to. Legacy MessagePack senders read binary.
    session.form = wireForm(session.link.framing, encoding === 'legacy' ? 'binary' : encoding);
    if (message.type !== 'hello') {
      const text =
        message.type === 'malformed'
          ? `The first frame is no HELLO: ${message.error.message}`
          : `The first message must be HELLO, not ${message.type}`;
      session.notify({ type: 'hello.refused', error: new ClaspError(ErrorCode.InvalidMessage, text) });
      return;
    }
    const refusal = this.#authenticate(message);
    if (refusal !== undefined) session.notify({ type: 'hello.refused', error: refusal });
    else this.#welcome(session, message);
  }

  /** An authenticated router without anybody to check tokens lets nobody in (router.md 3.2). */
  #authenticate(hello: HelloMessage): ClaspError | undefined {
    if (this.#options.securityMode === 'open') return undefined;
    return hello.token === undefined
      ? new ClaspError(ErrorCode.Unauthorized, 'Authentication required')
      : new ClaspError(ErrorCode.InternalError, 'Server misconfiguration');
  }

  #welcome(session: RouterSession, hello: HelloMessage): void {
    const { name, features, nowMicros } = this.#options;
    session.name = hello.name;
    session.features = hello.features;
    session.notify({ type: 'hello.accepted', name: hello.name, features: hello.features });
    const time = nowMicros();
    this.#replies.send(session, { type: 'welcome', version: 1, session: session.id, name, features, time });
    this.#joined(session);
  }
}
