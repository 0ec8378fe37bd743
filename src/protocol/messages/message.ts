import type { Feature, FederationOp, GesturePhase, SignalType } from '../enumerations.js';
import type { U64 } from '../u64.js';
import type { EncodedValue } from '../values/encoded-value.js';

/**
 * The nineteen messages of CLASP (wire.md 5 and 6) as objects. Absent fields are missing or undefined. Flags are true
 * or absent. Times are Unix microseconds unless their name states otherwise. JSON and CBOR peers send the same shapes,
 * with values in plain form (docs/reference/protocol.md).
 */
export type Message =
  | HelloMessage
  | WelcomeMessage
  | AnnounceMessage
  | FederationSyncMessage
  | SubscribeMessage
  | UnsubscribeMessage
  | PublishMessage
  | SetMessage
  | GetMessage
  | SnapshotMessage
  | ReplayMessage
  | BundleMessage
  | SyncMessage
  | PingMessage
  | PongMessage
  | AckMessage
  | ErrorMessage
  | QueryMessage
  | ResultMessage;

export type MessageType = Message['type'];

/** HELLO 0x01, client to router: the first message of a session. */
export interface HelloMessage {
  readonly type: 'hello';
  /** 0..255. Informative: the router never rejects a client because of it. */
  readonly version: number;
  readonly name: string;
  readonly features: readonly Feature[];
  readonly token?: string | undefined;
  /** Not part of the compact binary form. */
  readonly capabilities?:
    { readonly encryption?: boolean | undefined; readonly compression?: string | undefined } | undefined;
}

/** WELCOME 0x02, router to client. */
export interface WelcomeMessage {
  readonly type: 'welcome';
  readonly version: number;
  readonly session: string;
  readonly name: string;
  readonly features: readonly Feature[];
  /** The router's clock. */
  readonly time: U64;
  readonly token?: string | undefined;
}

/** A peer's description of a signal that it provides. */
export interface SignalDefinition {
  /** An address, or a pattern for several addresses. */
  readonly address: string;
  readonly type: SignalType;
  readonly datatype?: string | undefined;
  readonly access?: string | undefined;
  readonly meta?: SignalMeta | undefined;
}

export interface SignalMeta {
  readonly unit?: string | undefined;
  /** Minimum and maximum value, both inclusive. */
  readonly range?: readonly [min: number, max: number] | undefined;
  readonly default?: EncodedValue | undefined;
  readonly description?: string | undefined;
}

/** ANNOUNCE 0x03. The `meta` of the message itself has no binary form. */
export interface AnnounceMessage {
  readonly type: 'announce';
  readonly namespace: string;
  readonly signals: readonly SignalDefinition[];
  readonly meta?: EncodedValue | undefined;
}

/** FEDERATION_SYNC 0x04, router to router. */
export interface FederationSyncMessage {
  readonly type: 'federationSync';
  readonly op: FederationOp;
  readonly patterns: readonly string[];
  readonly revisions: ReadonlyMap<string, U64>;
  readonly sinceRevision?: U64 | undefined;
  readonly origin?: string | undefined;
}

/** SUBSCRIBE 0x10. The client chooses the id, 0..2^32-1, unique in its session. */
export interface SubscribeMessage {
  readonly type: 'subscribe';
  readonly id: number;
  readonly pattern: string;
  /** Absent: all types. */
  readonly types?: readonly SignalType[] | undefined;
  readonly options?: SubscribeOptions | undefined;
}

export interface SubscribeOptions {
  /** Deliveries per second, 0..2^32-1. */
  readonly maxRate?: number | undefined;
  /** Minimum change that causes a delivery. */
  readonly epsilon?: number | undefined;
  /** Number of past values requested. */
  readonly history?: number | undefined;
  /** Milliseconds in which samples are collected. */
  readonly window?: number | undefined;
}

/** UNSUBSCRIBE 0x11. */
export interface UnsubscribeMessage {
  readonly type: 'unsubscribe';
  readonly id: number;
}

/**
 * PUBLISH 0x20: signals that the router forwards without storing them. At most one of `value` and `samples` is present.
 */
export interface PublishMessage {
  readonly type: 'publish';
  readonly address: string;
  /** Always present after binary decoding. Only MessagePack senders omit it. */
  readonly signal?: SignalType | undefined;
  /** Absent differs from null. */
  readonly value?: EncodedValue | undefined;
  readonly samples?: readonly number[] | undefined;
  readonly timestamp?: U64 | undefined;
  /** Distinguishes simultaneous gestures on one address. Absent counts as 0. */
  readonly id?: number | undefined;
  /** Used for gestures only. */
  readonly phase?: GesturePhase | undefined;
  /** Samples per second. */
  readonly rate?: number | undefined;
  /** Not part of the compact binary form. */
  readonly timeline?: Timeline | undefined;
  /** See {@link Attachment}. */
  readonly attachment?: Attachment | undefined;
}

export interface Timeline {
  readonly keyframes: readonly Keyframe[];
  readonly loop?: boolean | undefined;
  readonly startTime?: U64 | undefined;
  /** Microseconds. */
  readonly duration?: U64 | undefined;
}

export interface Keyframe {
  /** Microseconds from the start. */
  readonly time: U64;
  readonly value: EncodedValue;
  /**
   * `linear` (default), `ease-in`, `ease-out`, `ease-in-out`, `step`, `cubic-bezier`. Applies to the segment that
   * starts here.
   */
  readonly easing?: string | undefined;
  /** x1, y1, x2, y2 of `cubic-bezier`. */
  readonly bezier?: readonly number[] | undefined;
}

/** SET 0x21: writes a param. */
export interface SetMessage {
  readonly type: 'set';
  readonly address: string;
  readonly value: EncodedValue;
  /** From a client: the expected revision. From a router: the new revision. */
  readonly revision?: U64 | undefined;
  readonly lock?: boolean | undefined;
  readonly unlock?: boolean | undefined;
  /** Seconds, 0..2^31-1. 0 never expires. Absent: the router's default. */
  readonly ttl?: number | undefined;
  /** With `ttl`: the time counts from the write, not from the last use. */
  readonly absolute?: boolean | undefined;
  /** See {@link Attachment}. */
  readonly attachment?: Attachment | undefined;
}

/**
 * What an in-process session adds to a SET or PUBLISH for other in-process sessions, such as the exact bytes of a
 * foreign protocol. Never on the wire. A param keeps the attachment of its last write.
 */
export interface Attachment {
  /** Its memory in bytes, which counts in that of the param. */
  readonly byteLength: number;
}

/** A message without what is never on the wire. */
export type Transmitted<M> = Omit<M, 'attachment'>;

/** GET 0x22. */
export interface GetMessage {
  readonly type: 'get';
  readonly address: string;
}

/** One param in a SNAPSHOT. */
export interface SnapshotEntry {
  readonly address: string;
  readonly value: EncodedValue;
  readonly revision: U64;
  /** Session id of the last writer. */
  readonly writer?: string | undefined;
  readonly timestamp?: U64 | undefined;
  /** See {@link Attachment}. */
  readonly attachment?: Attachment | undefined;
}

/** SNAPSHOT 0x23, router to client. Consecutive messages form one snapshot. There is no end marker. */
export interface SnapshotMessage {
  readonly type: 'snapshot';
  readonly params: readonly SnapshotEntry[];
}

/** REPLAY 0x24. `from` and `to` are inclusive. */
export interface ReplayMessage {
  readonly type: 'replay';
  readonly pattern: string;
  readonly from?: U64 | undefined;
  readonly to?: U64 | undefined;
  readonly limit?: number | undefined;
  readonly types?: readonly SignalType[] | undefined;
}

/** BUNDLE 0x30: several messages that take effect together. */
export interface BundleMessage {
  readonly type: 'bundle';
  readonly timestamp?: U64 | undefined;
  readonly messages: readonly Message[];
}

/** SYNC 0x40. t1: the client's clock when it sends. t2, t3: the router's clock when it receives and answers. */
export interface SyncMessage {
  readonly type: 'sync';
  readonly t1: U64;
  readonly t2?: U64 | undefined;
  readonly t3?: U64 | undefined;
}

export interface PingMessage {
  readonly type: 'ping';
}

export interface PongMessage {
  readonly type: 'pong';
}

/** ACK 0x50, router to client. */
export interface AckMessage {
  readonly type: 'ack';
  readonly address?: string | undefined;
  readonly revision?: U64 | undefined;
  readonly locked?: boolean | undefined;
  readonly holder?: string | undefined;
  readonly correlationId?: number | undefined;
}

/**
 * ERROR 0x51, router to client. From a client it has a meaning only with code 1000 (close-message.ts). `code` can be
 * missing from the registry.
 */
export interface ErrorMessage {
  readonly type: 'error';
  readonly code: number;
  readonly message: string;
  readonly address?: string | undefined;
  readonly correlationId?: number | undefined;
}

/** QUERY 0x60. */
export interface QueryMessage {
  readonly type: 'query';
  readonly pattern: string;
}

/** RESULT 0x61. In the compact binary form its definitions contain no meta. */
export interface ResultMessage {
  readonly type: 'result';
  readonly signals: readonly SignalDefinition[];
}
