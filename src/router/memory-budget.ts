import type { AnyOption } from '../util/option.js';
import { type ResolvedRouterOptions, routerOptions } from './options.js';

/** The share of `maxMemoryBytes` for a kind of data, and its maximum in bytes. */
export interface MemoryShare {
  readonly part: number;
  readonly most: number;
}

/**
 * The options in bytes whose default is a share of `maxMemoryBytes`. The rest is for sessions and caches: see
 * {@link worstCaseBytes}.
 */
export const memoryShares: ReadonlyMap<string, MemoryShare> = new Map(
  Object.entries<AnyOption>(routerOptions).flatMap(([name, declared]) => {
    if (declared.default.kind !== 'share') return [];
    const { parts, most } = declared.default;
    return [[name, { part: 1 / parts, most }]];
  }),
);

/** Returns the memory of the recipient cache, in bytes: a 32nd of the budget. It is not an option. */
export function recipientCacheBytes(maxMemoryBytes: number): number {
  return Math.floor(Math.min(maxMemoryBytes / 32, 134_217_728));
}

/** Memory of each session in addition to the kinds with their own limit, in bytes. */
export const sessionBytes = {
  /** Actor, socket and session data. */
  base: 50_000,
  /** One frame whose end has not arrived. */
  unfinishedFrame: 65_547,
} as const;

/** Maximum memory of the router that does not depend on options, in bytes. */
export const fixedBytes = {
  /** Unfinished JSON texts and fragments of all connections of a WebSocket port. */
  unfinishedMessages: 16_777_216,
  /** 65,536 addresses of at most 128 characters that tokens can use, with the results of the scope checks. */
  verdicts: 26_214_400,
  /** 65,536 addresses of at most 128 characters and their announced signals. */
  announcedAddresses: 23_068_672,
  /** 8,192 addresses of at most 96 characters of events and streams. */
  publishedAddresses: 2_621_440,
  /** 32,768 such addresses as bytes and strings, with references to their recipients. */
  directAddresses: 18_481_152,
  /** Revisions of 65,536 removed params. */
  tombstones: 23_330_816,
  /** 1,024 connections that wait for a session. */
  waitingConnections: 10_485_760,
  /** 2,048 connections that wait at a port. */
  waitingSockets: 8_388_608,
  /** Log lines that wait for a reader. */
  logLines: 1_048_576,
} as const;

/**
 * Returns the maximum memory that peers can make a router keep, by kind, in bytes; Infinity for a kind without a limit.
 * Sockets can exceed their limit by an eighth between two checks.
 */
export function worstCase(options: ResolvedRouterOptions): Readonly<Record<string, number>> {
  const limited = (limit: number): number => (limit === 0 ? Infinity : limit);
  const values: Readonly<Record<string, unknown>> = options;
  const kinds = [...memoryShares.keys()].map((name): [string, number] => [name, limited(Number(values[name]))]);
  return {
    ...Object.fromEntries(kinds),
    maxSendBufferBytes: limited(options.maxSendBufferBytes) * (9 / 8),
    maxTimelineBytes: options.maxTimelines === 0 ? 0 : limited(options.maxTimelineBytes),
    maxWriteHistoryBytes: options.writeHistory.length === 0 ? 0 : limited(options.maxWriteHistoryBytes),
    recipients: recipientCacheBytes(options.maxMemoryBytes),
    sessions: limited(options.maxSessions) * (sessionBytes.base + sessionBytes.unfinishedFrame),
    ...fixedBytes,
  };
}

/** Returns the sum of {@link worstCase}. */
export function worstCaseBytes(options: ResolvedRouterOptions): number {
  return Object.values(worstCase(options)).reduce((sum, bytes) => sum + bytes, 0);
}

/** The budget from which on the default limits fit it. */
const USUAL_BYTES = 1_073_741_824;

/**
 * Returns a warning if the budget is small, and less than peers can make the router keep: caches and sessions take
 * memory that is no share of the budget. Undefined if the budget is sufficient, or if a limit is 0, which is deliberate.
 */
export function memoryWarning(options: ResolvedRouterOptions): string | undefined {
  const { maxMemoryBytes, maxSessions } = options;
  const worst = Math.ceil(worstCaseBytes(options));
  if (maxMemoryBytes >= USUAL_BYTES || worst <= maxMemoryBytes || worst === Infinity) return undefined;
  return (
    `maxMemoryBytes is ${maxMemoryBytes}, but clients can make the router keep ${worst} bytes: the shares of ` +
    `maxMemoryBytes, ${maxSessions} sessions, and caches of fixed size; set maxMemoryBytes (--max-memory-bytes) to at ` +
    `least ${USUAL_BYTES}, or lower maxSessions (--max-sessions) and the limits in bytes`
  );
}
