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
import { type Permissions, unrestricted } from './sessions/permissions.js';
import { MalformedLimit } from './sessions/malformed-limit.js';
import { messageForm, type WireForm, wireForm } from './delivery/wire-form.js';
import type { TokenBucket } from '../util/token-bucket.js';

/** What waits for a token to be looked at. */
interface Pending {
  readonly hello: HelloMessage;
  readonly frames: PendingFrame[];
}

/** A frame that waits, and when it was read. */
export interface PendingFrame {
  readonly frame: InboundFrame;
  readonly receivedMicros: number;
}

/**
 * One client as the data plane sees it: plain fields, read and written a hundred thousand times a second. Its lifetime
 * belongs to the session machine, which keeps {@link phase} and is told of turns through {@link notify}.
 */
export class RouterSession {
  /** UUID v4; never reused. */
  readonly id: string;
  /** Its connection; after {@link release} what is known of it. */
  link: SessionLink;
  /** Tells the session machine. */
  notify: (event: SessionEvent) => void;
  /** Kept by the session machine's entry actions, read here before anything else. */
  phase: SessionPhase = 'connecting';
  /** When it came into this phase. */
  phaseSinceMicros: number;
  /** When it came through its door. */
  readonly openedMicros: number;
  /** From HELLO. */
  name = '';
  features: readonly Feature[] = [];
  /** How messages to this peer are written. Its HELLO has the last word. */
  form: WireForm;
  /** What its token gives, on a router that asks for one. */
  grant: Grant | undefined;
  /** Whether it is gone: what is still there of it counts for nothing. Kept by RouterCore. */
  hasLeft = false;
  /** What it may do. */
  permissions: Permissions = unrestricted;
  /** Who answers for what it makes the router keep; undefined before it is established. */
  owner: Owner | undefined;
  /** What it may still send, on a router that limits that. */
  allowance: TokenBucket | undefined;
  /** Steps it took in the turn with this number. Kept by TurnShares. */
  readonly turn = { serial: 0, steps: 0 };
  /** Numbers of what the core keeps for this session. Each is written by the component that keeps the things. */
  readonly holdings = { subscriptions: 0, locks: 0, pacedSubscriptions: 0, pendingBundles: 0 };
  /** What leaves at the end of this tick. */
  readonly outbox = new Outbox();
  /** What waits while the session is congested. */
  readonly sendQueue: SendQueue;
  /** What it has lost by being slow. */
  readonly dropNotice = new DropNotice();
  /** What went through it, frames without what transports put around them; kept by the pipeline and the router actor. */
  readonly traffic = {
    receivedBytes: 0,
    receivedMessages: 0,
    sentBytes: 0,
    /** Those that went past the outbox: out of the backlog, or without being written. */
    sentMessages: 0,
  };
  /** The last ERROR it was sent. */
  lastError: { readonly code: number; readonly text: string; readonly atMicros: number } | undefined;
  /** When something was last received or sent, for the idle limit. */
  lastActivityMicros: number;
  /** When something was last received, and when its HELLO was. */
  lastReceivedMicros: number;
  joinedMicros: number;
  /** Whether a SET, PUBLISH, BUNDLE or ANNOUNCE of it was accepted. Kept by RouterCore. */
  hasWritten = false;
  /** When the oldest probe was sent that is possibly unanswered; -Infinity before the first. Kept by `session/liveness.ts`. */
  probedMicros = -Infinity;
  /** The last probe that the peer did not answer in time while it held locks. Kept by `session/lock-holder-probes.ts`. */
  ignoredProbeMicros = -Infinity;
  /** Whether the peer has sent a PONG. */
  answersPings = false;
  /** With its undecodable frames. */
  readonly malformedLimit = new MalformedLimit();

  /** Private, so that nothing that prints a session or its events prints the token. */
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

  /** While its token is being looked at: the HELLO, and what came behind it. */
  get pending(): Pending | undefined {
    return this.#pending;
  }

  set pending(pending: Pending | undefined) {
    this.#pending = pending;
  }

  /** What inspectors see of it. */
  toJSON(): object {
    const { id, name, phase, link } = this;
    return { id, name, phase, transport: link.transport, remoteAddress: link.remoteAddress };
  }

  /** It has ended: what it left behind, such as scheduled bundles, must not keep its connection and its machine in memory. */
  release(): void {
    const { transport, remoteAddress, isForwarded, framing, maxFrameBytes, encoding, isTrusted } = this.link;
    const known = { transport, remoteAddress, isForwarded, framing, maxFrameBytes, encoding, isTrusted };
    this.link = { ...known, bufferedBytes: 0, write: ignore, close: ignore, destroy: ignore };
    this.notify = ignore;
  }

  /** Whether messages other than HELLO may be handled, and deliveries made. */
  get established(): boolean {
    return this.phase === 'active' || this.phase === 'congested';
  }
}

const ignore = (): void => undefined;
