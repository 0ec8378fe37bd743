import type { DropCounts } from '../core/ports.js';

/**
 * Source of the metrics. Read once per scrape; the router's own work never calls it. All totals count from the start
 * of the router and never decrease.
 */
export interface MetricsSource {
  statistics(): RouterFigures;
}

/** Figures of a router: finite numbers of 0 or more. */
export interface RouterFigures {
  /** Present values. */
  readonly counts: {
    /** Sessions that have their WELCOME and are not closed. */
    readonly sessions: number;
    /** Those of them that read slower than the router writes at the moment. */
    readonly congestedSessions: number;
    readonly subscriptions: number;
    readonly params: number;
    /** Announced signals. */
    readonly signals: number;
    /** Bundles that wait for their scheduled time. */
    readonly pendingBundles: number;
    /** Bytes in the queues of all congested sessions. */
    readonly queuedBytes: number;
  };
  readonly totals: {
    /** Copies of messages delivered to subscribers. */
    readonly deliveries: number;
    /** Bytes of received and written frames, without the framing of the transports. */
    readonly receivedBytes: number;
    readonly sentBytes: number;
    /** Errors in the router's own code. Each lost a message or another operation. */
    readonly internalErrors: number;
    /** HELLOs refused because of an invalid or missing token. */
    readonly authFailures: number;
    /** Sessions released because they did not answer a probe while new connections needed their places. */
    readonly releasedSessions: number;
    /** Sessions displaced by new connections while the router was full. */
    readonly displacedSessions: number;
  };
  /** Accepted messages, by `Message.type`: `set`, `publish`, ... A type without messages can be absent. */
  readonly messages: Readonly<Record<string, number>>;
  /** ERRORs sent, by code: `404`. A code that was not sent can be absent. */
  readonly errors: Readonly<Record<string, number>>;
  readonly drops: DropCounts;
  /** Memory by kind of data with a limit in bytes, such as `params`; a limit of 0 means none. */
  readonly memory: Readonly<
    Record<string, { readonly usedBytes: number; readonly limitBytes: number; readonly madeRoom: number }>
  >;
  /** Scheduled bundles. */
  readonly schedule: {
    readonly bundles: number;
    /** Delay of the last one, and the maximum delay. */
    readonly lastErrorMicros: number;
    readonly worstErrorMicros: number;
  };
  /** Connections that were not accepted, by `RejectedConnection.kind`. */
  readonly rejectedConnections: Readonly<Record<'handshake' | 'timeout' | 'refused' | 'unsolicited', number>>;
  /** Seconds from the arrival of a batch to the end of the tick that wrote its results; absent if not measured. */
  readonly latencySeconds?: Distribution | undefined;
  /** Recipients per SET and PUBLISH; absent if not measured. */
  readonly fanOut?: Distribution | undefined;
}

/**
 * Data of a histogram. With powers of two as bounds, counting an integer costs one addition: `counts[32 -
 * Math.clz32(n - 1)]++` for n of at least 2.
 */
export interface Distribution {
  /** Inclusive upper bounds of the buckets, ascending. */
  readonly bounds: readonly number[];
  /** Count per bucket; one longer than `bounds`, for values above the last bound. */
  readonly counts: readonly number[];
  /** Sum of all values. */
  readonly sum: number;
}
