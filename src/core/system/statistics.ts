import type { DropCounts } from '../ports.js';

/** Kinds of stored items with a limit in bytes; see docs/reference/limits.md. */
export const memoryKinds = [
  'params',
  'paced',
  'subscriptions',
  'queues',
  'sendBuffers',
  'bundles',
  'signals',
  'wills',
  'queries',
  'timelines',
  'history',
] as const;

export type MemoryKind = (typeof memoryKinds)[number];

/** Memory of one kind of item. */
export interface MemoryUse {
  /** Approximate bytes in use. */
  readonly usedBytes: number;
  /** Maximum bytes; 0 = unlimited. */
  readonly limitBytes: number;
  /** Items evicted since the router started: params, messages, sessions, ... */
  readonly madeRoom: number;
}

/** Counters of the router, since it started unless stated otherwise. The names are those below `/$clasp`. */
export interface Statistics {
  /** Current numbers. */
  readonly counts: {
    readonly sessions: number;
    readonly subscriptions: number;
    readonly params: number;
    readonly signals: number;
    readonly pendingBundles: number;
    /** Congested sessions, and bytes in their send queues. */
    readonly congested: number;
    readonly queuedBytes: number;
  };
  readonly totals: {
    /** Accepted messages, without those dropped by the rate limit. */
    readonly messages: number;
    /** Delivered copies. */
    readonly deliveries: number;
    /** Bytes of frames, as received and as written. */
    readonly receivedBytes: number;
    readonly sentBytes: number;
    /** Internal errors. Each aborted a message or another piece of work. */
    readonly internalErrors: number;
  };
  /** Accepted messages by type. */
  readonly messages: Readonly<Record<string, number>>;
  /** ERRORs sent, by code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly drops: DropCounts;
  /** Memory of each kind with a limit. */
  readonly memory: Readonly<Record<MemoryKind, MemoryUse>>;
  /** Scheduled bundles. */
  readonly schedule: {
    readonly bundles: number;
    /** Lateness of the last bundle, and the maximum. */
    readonly lastErrorMicros: number;
    readonly worstErrorMicros: number;
  };
}
