import type { Feature } from '../protocol/enumerations.js';
import type { Grant } from './ports.js';
import type { SessionLink } from './session-link.js';
import type { SessionEvent, SessionPhase } from './session-events.js';
import { SendQueue } from './congestion/send-queue.js';
import { DropNotice } from './congestion/drop-notice.js';
import { Outbox } from './delivery/outbox.js';
import type { Owner } from './quotas/owner.js';
import type { InboundFrame } from '../protocol/inbound.js';
import type { HelloMessage } from '../protocol/messages/message.js';
import { turnUse } from './scheduling/turn-use.js';
import { type Permissions, unrestricted } from './sessions/permissions.js';
import { MalformedLimit } from './sessions/malformed-limit.js';
import { messageForm, type WireForm, wireForm } from './delivery/wire-form.js';
import type { TokenBucket } from '../util/token-bucket.js';

/** HELLO and the frames that wait for the token check. */
interface Pending {
  readonly hello: HelloMessage;
  readonly frames: PendingFrame[];
  /** Bytes that the session had received at its HELLO. */
  readonly receivedBytes: number;
}

/** A frame that waits, and when it was received. */
export interface PendingFrame {
  readonly frame: InboundFrame;
  readonly receivedMicros: number;
}

/**
 * One client in the data plane: plain fields, accessed a hundred thousand times per second. The session machine owns
 * its lifetime: it sets {@link phase} and receives changes through {@link notify}.
 */
export class RouterSession {
  /** UUID v4; never reused. */
  readonly id: string;
  /** The connection; after {@link release} a copy of its description. */
  link: SessionLink;
  /** Sends an actor event to the session machine. */
  notify: (event: SessionEvent) => void;
  /** Set by the entry actions of the session machine. The core checks it first. */
  phase: SessionPhase = 'connecting';
  /** When the session entered this phase. */
  phaseSinceMicros: number;
  /** When the listener accepted the connection. */
  readonly openedMicros: number;
  /** The name in HELLO. */
  name = '';
  features: readonly Feature[] = [];
  /** Wire form of messages to this peer. HELLO determines it. */
  form: WireForm;
  /** The permissions of its token, on a router with authentication. */
  grant: Grant | undefined;
  /** Whether the session has ended. Its remaining state no longer has effects. Set by RouterCore. */
  hasLeft = false;
  /** Permitted operations. */
  permissions: Permissions = unrestricted;
  /** The owner that is charged for the memory of the session; undefined until it is established. */
  owner: Owner | undefined;
  /** Remaining messages, on a router with a rate limit. */
  allowance: TokenBucket | undefined;
  /** Use of the router. Set by TurnShares. */
  readonly turn = turnUse();
  /** Counts of entries that the core keeps for this session. The component that keeps the entries updates them. */
  readonly holdings = { subscriptions: 0, locks: 0, pacedSubscriptions: 0, pendingBundles: 0 };
  /** Messages to write at the end of this tick. */
  readonly outbox = new Outbox();
  /** Messages that wait while the session is congested. */
  readonly sendQueue: SendQueue;
  /** Messages that the slow session lost. */
  readonly dropNotice = new DropNotice();
  /** Messages and bytes of the session, without transport framing. Updated by the pipeline and the router actor. */
  readonly traffic = {
    receivedBytes: 0,
    receivedMessages: 0,
    sentBytes: 0,
    /** Messages that did not pass the outbox: from the send queue, or delivered unserialized. */
    sentMessages: 0,
  };
  /** The last ERROR sent to the peer. */
  lastError: { readonly code: number; readonly text: string; readonly atMicros: number } | undefined;
  /** When the last message was received or sent, for the idle limit. */
  lastActivityMicros: number;
  /** When the last message was received, and when HELLO was received. */
  lastReceivedMicros: number;
  joinedMicros: number;
  /** Whether the router accepted a SET, PUBLISH, BUNDLE or ANNOUNCE of the session. Set by RouterCore. */
  hasWritten = false;
  /** When the oldest possibly unanswered probe was sent; -Infinity before the first. Set by `session/liveness.ts`. */
  probedMicros = -Infinity;
  /** The last probe that the peer missed while it held locks. Set by `session/lock-holder-probes.ts`. */
  ignoredProbeMicros = -Infinity;
  /** Whether the peer has sent a PONG. */
  answersPings = false;
  /** Limit of undecodable frames. */
  readonly malformedLimit = new MalformedLimit();

  /** Private, so that printing a session or its events does not print the token. */
  #pending: Pending | undefined;

  constructor(options: {
    readonly id: string;
    readonly link: SessionLink;
    readonly notify: (event: SessionEvent) => void;
    readonly nowMicros: number;
    readonly maxQueueBytes: number;
    readonly maxQueueMessages: number;
  }) {
    this.id = options.id;
    this.link = options.link;
    this.notify = options.notify;
    const { deliver, framing, encoding } = options.link;
    this.form = deliver === undefined ? wireForm(framing, encoding ?? 'binary') : messageForm;
    this.sendQueue = new SendQueue({ maxBytes: options.maxQueueBytes, maxMessages: options.maxQueueMessages });
    this.phaseSinceMicros = options.nowMicros;
    this.openedMicros = options.nowMicros;
    this.lastActivityMicros = options.nowMicros;
    this.lastReceivedMicros = options.nowMicros;
    this.joinedMicros = options.nowMicros;
  }

  /** HELLO and the frames behind it, during the token check. */
  get pending(): Pending | undefined {
    return this.#pending;
  }

  set pending(pending: Pending | undefined) {
    this.#pending = pending;
  }

  /** The view for inspectors. */
  toJSON(): object {
    const { id, name, phase, link } = this;
    return { id, name, phase, transport: link.transport, remoteAddress: link.remoteAddress };
  }

  /**
   * After the end: remaining entries, such as scheduled bundles, must not keep the connection and the machine in
   * memory.
   */
  release(): void {
    const { transport, remoteAddress, isForwarded, framing, maxFrameBytes, encoding, isTrusted } = this.link;
    this.link = {
      transport,
      remoteAddress,
      isForwarded,
      framing,
      maxFrameBytes,
      encoding,
      isTrusted,
      bufferedBytes: 0,
      write: ignore,
      close: ignore,
      destroy: ignore,
    };
    this.notify = ignore;
  }

  /** Whether the session can receive deliveries and send messages other than HELLO. */
  get established(): boolean {
    return this.phase === 'active' || this.phase === 'congested';
  }
}

const ignore = (): void => undefined;
