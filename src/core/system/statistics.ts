/** Kinds of things that the router keeps and that have a limit in bytes; see docs/limits.md. */
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
] as const;

export type MemoryKind = (typeof memoryKinds)[number];

/** What one kind of things takes. */
export interface MemoryUse {
  /** Bytes it takes now, roughly. */
  readonly usedBytes: number;
  /** Bytes it may take; 0 = unlimited. */
  readonly limitBytes: number;
  /** Things that made room for others since the router began: params, messages, sessions, ... */
  readonly madeRoom: number;
}

/** What the router counts, since it began unless said otherwise. The names are those below `/$clasp`. */
export interface Statistics {
  /** What there is now. */
  readonly counts: {
    readonly sessions: number;
    readonly subscriptions: number;
    readonly params: number;
    readonly signals: number;
    readonly pendingBundles: number;
    /** Sessions that read too slowly, and bytes that wait for them. */
    readonly congested: number;
    readonly queuedBytes: number;
  };
  readonly totals: {
    /** Taken in, those that were dropped for their rate not included. */
    readonly messages: number;
    /** Copies handed out. */
    readonly deliveries: number;
    /** Of frames, as they came in and as they were written. */
    readonly receivedBytes: number;
    readonly sentBytes: number;
    /** Errors in the router's own code, each of which cost a message or another piece of work. */
    readonly internalErrors: number;
  };
  /** Messages taken in, by their type. */
  readonly messages: Readonly<Record<string, number>>;
  /** ERRORs sent, by their code. */
  readonly errors: Readonly<Record<string, number>>;
  /** What did not arrive, and why. */
  readonly drops: {
    /** Messages over their session's rate. */
    readonly rateLimited: number;
    /** Frames that could not be read. */
    readonly malformed: number;
    /** Values of params that a newer one replaced while their reader was slow. */
    readonly conflated: number;
    /** Samples of streams and moves of gestures that gave way because their reader was slow. */
    readonly dropped: number;
    /** Sessions closed because too much waited for them. */
    readonly overflows: number;
    /** Params that made room for others. */
    readonly evictedParams: number;
    /** Params whose time was over. */
    readonly expiredParams: number;
    /** Announced signals, scheduled bundles and last wills that made room for others. */
    readonly evictedSignals: number;
    readonly droppedBundles: number;
    readonly droppedWills: number;
  };
  /** Memory of each kind that has a limit. */
  readonly memory: Readonly<Record<MemoryKind, MemoryUse>>;
  /** Bundles with a time. */
  readonly schedule: {
    readonly bundles: number;
    /** How late the last one ran, and the latest of all. */
    readonly lastErrorMicros: number;
    readonly worstErrorMicros: number;
  };
}
