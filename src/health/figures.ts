/**
 * Where metrics come from: asked once for each scrape, and never by the router's own work. All totals are since the router
 * began and only ever rise.
 */
export interface MetricsSource {
  statistics(): RouterFigures;
}

/** What is measured. Plain numbers: 0 or more, finite. */
export interface RouterFigures {
  /** What there is now. */
  readonly counts: {
    /** That have their WELCOME and are not gone. */
    readonly sessions: number;
    /** Of them, those that take less than is sent to them at the moment. */
    readonly congestedSessions: number;
    readonly subscriptions: number;
    readonly params: number;
    /** Announced ones. */
    readonly signals: number;
    /** Bundles that wait for their time. */
    readonly pendingBundles: number;
    /** Bytes that wait in the queues of all congested sessions together. */
    readonly queuedBytes: number;
  };
  readonly totals: {
    /** Copies of messages handed out to subscribers. */
    readonly deliveries: number;
    /** Bytes of frames that came in and that were written; without what transports put around them. */
    readonly receivedBytes: number;
    readonly sentBytes: number;
    /** Errors in the router's own code, each of which cost a message or another piece of work. */
    readonly internalErrors: number;
    /** HELLOs refused for their token, or for the lack of one. */
    readonly authFailures: number;
    /** Sessions released because they did not answer a probe and others waited for their places. */
    readonly releasedSessions: number;
    /** Sessions displaced by new connections while the router was full. */
    readonly displacedSessions: number;
  };
  /** Messages taken in, by `Message.type`: `set`, `publish`, ... A type that has not come may be missing. */
  readonly messages: Readonly<Record<string, number>>;
  /** ERRORs the router has sent, by code: `404`. A code that was not sent may be missing. */
  readonly errors: Readonly<Record<string, number>>;
  /** What did not arrive, and why. */
  readonly drops: {
    /** Messages over their session's rate. */
    readonly rateLimited: number;
    /** Frames that could not be read. */
    readonly malformed: number;
    /** Values of params that a newer one replaced while their reader was slow. */
    readonly conflated: number;
    /** Values of streams and moves of gestures that gave way while their reader was slow. */
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
  /** Kinds of things with a limit in bytes, such as `params`; 0 is no limit. */
  readonly memory: Readonly<
    Record<string, { readonly usedBytes: number; readonly limitBytes: number; readonly madeRoom: number }>
  >;
  /** Bundles with a time. */
  readonly schedule: {
    readonly bundles: number;
    /** How late the last one ran, and the latest of all. */
    readonly lastErrorMicros: number;
    readonly worstErrorMicros: number;
  };
  /** Peers that did not get in, by `DoorFault.kind`. */
  readonly rejectedConnections: Readonly<Record<'handshake' | 'timeout' | 'refused' | 'unsolicited', number>>;
  /** Seconds from the arrival of a batch to the end of the tick that wrote what it caused; left out where nobody measures it. */
  readonly latencySeconds?: Distribution | undefined;
  /** Recipients of each SET and PUBLISH; left out where nobody measures it. */
  readonly fanOut?: Distribution | undefined;
}

/**
 * How often which sizes came: what a histogram is made of. With powers of two as bounds, counting a whole number costs one
 * addition: `counts[32 - Math.clz32(n - 1)]++` for n of at least 2.
 */
export interface Distribution {
  /** Upper bounds of the classes, rising; each bound belongs to its class. */
  readonly bounds: readonly number[];
  /** How many in each class; one longer than `bounds`, for what is above the last. */
  readonly counts: readonly number[];
  /** Of all sizes. */
  readonly sum: number;
}
