import { coreOptions } from '../../src/core/core-options.js';
import type { Grant } from '../../src/core/ports.js';
import type { Departure } from '../../src/core/system/presence.js';
import { RouterCore } from '../../src/core/router-core.js';
import type { RouterCoreOptions } from '../../src/core/router-core-options.js';
import { RouterSession } from '../../src/core/session.js';
import type { SessionEvent } from '../../src/core/session-events.js';
import { Deframer } from '../../src/protocol/deframer.js';
import { decodeJson, MAX_ROUTER_JSON_TEXT } from '../../src/protocol/encodings/json.js';
import { decodeFrame, type Encoding } from '../../src/protocol/frame.js';
import { defaultQos } from '../../src/protocol/messages/index.js';
import type { Qos, SignalType } from '../../src/protocol/enumerations.js';
import type { InboundMessage } from '../../src/protocol/inbound.js';
import type { Message, PublishMessage, SubscribeOptions } from '../../src/protocol/messages/message.js';
import { type EncodedValue, encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { parseScope } from '../../src/protocol/scope.js';
import { resolveOptions } from '../../src/util/option.js';
import { webSocketMessages } from './websocket-messages.js';

/** 2026-01-01T00:00:00Z in microseconds: the initial time of the harness's clock. */
export const START_MICROS = 1_767_225_600_000_000;

/** Default options of the router in tests: those of the library, without limits of stored data. */
export const coreDefaults = {
  ...resolveOptions(coreOptions, {}, { maxMemoryBytes: 2 ** 33, isAuthenticated: false }),
  name: 'Test Router',
  version: '1.2.3',
  maxParams: 0,
  maxParamBytes: 0,
  maxWriteHistoryBytes: 0,
  maxPacedBytes: 0,
  maxTimelineBytes: 0,
  maxSubscriptionBytes: 0,
  maxQueryBytes: 0,
} satisfies Partial<RouterCoreOptions>;

/** A grant without permissions that never expires. */
const noGrant: Grant = {
  tokenId: 'token-1',
  subject: undefined,
  scopes: [],
  constraints: [],
  expiresAtSeconds: undefined,
};

/** A RouterCore with a clock that the test advances, and peers that exchange messages. */
export class CoreHarness {
  readonly core: RouterCore;
  nowMicros = START_MICROS;
  /** Exceptions of hooks. */
  readonly faults: unknown[] = [];
  #count = 0;

  constructor(options: Partial<RouterCoreOptions> = {}) {
    this.core = new RouterCore({
      ...coreDefaults,
      ...options,
      nowMicros: () => this.nowMicros,
      reportFault: (fault) => this.faults.push(fault),
    });
  }

  /** Connects without HELLO. */
  connect(options: PeerOptions = {}): Peer {
    return new Peer(this, `00000000-0000-4000-8000-${String(++this.#count).padStart(12, '0')}`, options);
  }

  /** A session whose WELCOME and first SNAPSHOT were read already. JSON implies WebSocket framing. */
  join(name = 'peer', encoding: Encoding = 'binary', options: PeerOptions = {}): Peer {
    const peer = this.connect({ framing: encoding === 'json' ? 'websocket' : 'raw', ...options });
    peer.send({ type: 'hello', version: 1, name, features: ['param'] }, { encoding });
    this.settle();
    peer.read();
    return peer;
  }

  /** A session with this grant on a router with authentication. Its WELCOME and first SNAPSHOT were read already. */
  joinWith(grant: Partial<Grant>, name = 'peer'): Peer {
    const peer = this.connect();
    peer.send({ type: 'hello', version: 1, name, features: ['param'], token: 'token' });
    peer.admit(grant);
    this.settle();
    peer.read();
    return peer;
  }

  /** Advances the clock, and does the work that is due. */
  advance(seconds: number): void {
    this.nowMicros += seconds * 1_000_000;
    while (this.core.runDue());
  }

  /** Ends the tick, and runs further ticks until no work remains. */
  settle(): void {
    while (this.core.advanceTasks() || this.core.hasChores) this.core.advanceChores();
  }
}

export interface PeerOptions {
  readonly maxQueueBytes?: number;
  readonly maxQueueMessages?: number;
  /** Maximum frame of its transport. */
  readonly maxFrameBytes?: number;
  /** @default 'raw' */
  readonly framing?: 'raw' | 'websocket';
  /** Whether it is an in-process session: it receives messages, and nothing is encoded. @default false */
  readonly isLocal?: boolean;
  /** Rights of its connection. */
  readonly scopes?: readonly string[];
  /** @default true */
  readonly wantsSnapshot?: boolean;
}

/** One peer: sends messages to the core, and reads its outbox. */
export class Peer {
  readonly session: RouterSession;
  readonly events: SessionEvent[] = [];
  readonly #harness: CoreHarness;
  readonly #deframer = new Deframer();
  /** Messages delivered without serialization. */
  #delivered: Message[] = [];

  constructor(harness: CoreHarness, id: string, options: PeerOptions) {
    const { maxQueueBytes = 4 << 20, maxQueueMessages = 65_536, maxFrameBytes, framing = 'raw' } = options;
    this.#harness = harness;
    this.session = new RouterSession({
      id,
      link: {
        transport: 'test',
        remoteAddress: 'test',
        framing,
        maxFrameBytes,
        ...(options.isLocal === true && { deliver: (message: Message) => void this.#delivered.push(message) }),
        encoding: undefined,
        scopes: options.scopes?.map(parseScope),
        wantsSnapshot: options.wantsSnapshot,
        bufferedBytes: 0,
        write: () => undefined,
        close: () => undefined,
        destroy: () => undefined,
      },
      notify: (event) => {
        this.events.push(event);
        this.#follow(event);
      },
      nowMicros: harness.nowMicros,
      maxQueueBytes,
      maxQueueMessages,
    });
    this.session.phase = 'awaitingHello';
  }

  get id(): string {
    return this.session.id;
  }

  send(message: InboundMessage, options: { readonly qos?: Qos; readonly encoding?: Encoding } = {}): void {
    const qos =
      options.qos ??
      (message.type === 'malformed' || message.type === 'rateLimited' || message.type === 'remove'
        ? 1
        : defaultQos(message));
    this.#harness.core.beginBatch();
    this.#harness.core.handle(
      this.session,
      { message, qos, encoding: options.encoding ?? 'binary' },
      this.#harness.nowMicros,
    );
  }

  /** Validates its token. The frames sent in the meantime are handled now. */
  admit(grant: Partial<Grant>): void {
    const { core } = this.#harness;
    this.session.phase = 'active'; // as the session machine sets it before
    const whole = { ...noGrant, ...grant };
    for (const { frame, receivedMicros } of core.admit(this.session, whole)) {
      core.handle(this.session, frame, receivedMicros);
    }
  }

  set(address: string, value: Value, options: { readonly revision?: number; readonly qos?: Qos } = {}): void {
    this.send(
      { type: 'set', address, value: encodeValue(value), revision: options.revision },
      { qos: options.qos ?? 1 },
    );
  }

  subscribe(id: number, pattern: string, options?: SubscribeOptions, types?: readonly SignalType[]): void {
    this.send({ type: 'subscribe', id, pattern, options, types });
  }

  publish(address: string, signal: SignalType, value: Value, more: Partial<PublishMessage> = {}): void {
    this.send({ type: 'publish', address, signal, value: encodeValue(value), ...more });
  }

  /** Returns all messages sent to this peer since the last call. */
  read(): Message[] {
    const delivered = this.#delivered;
    this.#delivered = [];
    return [...delivered, ...this.readFrames().map(({ message }) => message)];
  }

  /** The same with the bytes of each message. */
  readFrames(): { message: Message; length: number }[] {
    this.#harness.core.takeDirty();
    const bytes = this.session.outbox.take(true);
    const frames = this.session.link.framing === 'raw' ? this.#deframer.push(bytes) : webSocketMessages(bytes);
    return frames.map((frame) => ({ message: decoded(frame), length: frame.length }));
  }

  /** Takes the messages in its send queue. */
  readBacklog(): Message[] {
    return this.#deframer
      .push(this.#harness.core.takeQueued(this.session, Infinity))
      .map((frame) => decodeFrame(frame).message);
  }

  leave(departure: Departure = 'left'): void {
    this.session.phase = 'closed';
    this.#harness.core.leave(this.session, departure);
  }

  /** Sets the phase as the session machine would. */
  #follow(event: SessionEvent): void {
    if (event.type === 'hello.accepted') this.session.phase = 'active';
    else if (event.type === 'hello.received') this.session.phase = 'authenticating';
    else if (event.type === 'connection.congested') this.session.phase = 'congested';
    else if (event.type === 'connection.drained') this.session.phase = 'active';
    else if (event.type === 'messages.dropped') return;
    else this.session.phase = 'draining';
  }
}

/** Decodes text like a client. */
function decoded(frame: Uint8Array | string): Message {
  return (typeof frame === 'string' ? decodeJson(frame, MAX_ROUTER_JSON_TEXT) : decodeFrame(frame)).message;
}

/** Converts messages to a readable form for expectations: values decoded, absent fields omitted. */
export function plain(messages: readonly Message[]): unknown[] {
  return messages.map(plainOne);
}

function plainOne(value: unknown): unknown {
  if (isEncoded(value)) return value.decode();
  if (Array.isArray(value)) return value.map(plainOne);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, plainOne(field)]),
  );
}

function isEncoded(value: unknown): value is EncodedValue {
  return typeof value === 'object' && value !== null && 'decode' in value;
}
