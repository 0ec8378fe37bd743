import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { getHeapStatistics } from 'node:v8';

/** The memory of a machine, in bytes. */
export interface MachineMemory {
  readonly total: number;
  /** The limit of the container; 0 or more than `total` without a container limit. */
  readonly container: number;
  /** The limit of the JavaScript heap. */
  readonly heap: number;
}

function machineMemory(): MachineMemory {
  return { total: totalmem(), container: constrainedMemory(), heap: getHeapStatistics().heap_size_limit };
}

/**
 * Returns the default of `maxMemoryBytes`: a quarter of the memory of the machine or container, at most half of the
 * JavaScript heap, because most data of a router is in the heap.
 */
export function defaultMemoryBytes({ total, container, heap }: MachineMemory = machineMemory()): number {
  const memory = container > 0 ? Math.min(total, container) : total;
  return Math.floor(Math.min(memory / 4, heap / 2));
}

/** The share of `maxMemoryBytes` for a kind of data, and its maximum. */
interface MemoryShare {
  readonly part: number;
  readonly most: number;
}

/**
 * The default share of `maxMemoryBytes` of each kind of data. The rest is for sessions and caches: see
 * {@link worstCaseBytes}.
 */
export const memoryShares = {
  maxParamBytes: { part: 1 / 2, most: Infinity },
  maxPacedBytes: { part: 1 / 16, most: Infinity },
  maxSubscriptionBytes: { part: 1 / 16, most: Infinity },
  maxQueueBytesTotal: { part: 1 / 16, most: 268_435_456 },
  maxSendBufferBytes: { part: 1 / 16, most: Infinity },
  maxPendingBundleBytes: { part: 1 / 32, most: 268_435_456 },
  maxSignalBytes: { part: 1 / 64, most: 16_777_216 },
  maxWillBytes: { part: 1 / 64, most: 16_777_216 },
  maxQueryBytes: { part: 1 / 64, most: Infinity },
  maxTimelineBytes: { part: 1 / 64, most: Infinity },
} as const satisfies Readonly<Record<string, MemoryShare>>;

/** Options in bytes whose default is a share of `maxMemoryBytes`. */
export type MemoryLimits = { readonly [K in keyof typeof memoryShares]: number };

/** Returns the default of each limit for a budget. */
export function memoryLimits(maxMemoryBytes: number): MemoryLimits {
  const limitOf = ({ part, most }: MemoryShare): number => Math.floor(Math.min(maxMemoryBytes * part, most));
  return {
    maxParamBytes: limitOf(memoryShares.maxParamBytes),
    maxPacedBytes: limitOf(memoryShares.maxPacedBytes),
    maxSubscriptionBytes: limitOf(memoryShares.maxSubscriptionBytes),
    maxQueueBytesTotal: limitOf(memoryShares.maxQueueBytesTotal),
    maxSendBufferBytes: limitOf(memoryShares.maxSendBufferBytes),
    maxPendingBundleBytes: limitOf(memoryShares.maxPendingBundleBytes),
    maxSignalBytes: limitOf(memoryShares.maxSignalBytes),
    maxWillBytes: limitOf(memoryShares.maxWillBytes),
    maxQueryBytes: limitOf(memoryShares.maxQueryBytes),
    maxTimelineBytes: limitOf(memoryShares.maxTimelineBytes),
  };
}

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
  /** 65,536 addresses of at most 128 characters of events and streams. */
  publishedAddresses: 20_971_520,
  /** Revisions of 65,536 removed params. */
  goneParams: 23_330_816,
  /** 1,024 connections that wait for a session. */
  waitingConnections: 10_485_760,
  /** 2,048 connections that wait at a port. */
  waitingSockets: 8_388_608,
  /** Log lines that wait for a reader. */
  logLines: 1_048_576,
} as const;

/** The options that determine the worst case; 0 disables a limit. */
export interface WorstCaseOptions extends MemoryLimits {
  readonly maxMemoryBytes: number;
  readonly maxSessions: number;
  readonly maxTimelines: number;
}

/**
 * Returns the maximum memory that peers can make a router keep, by kind, in bytes; Infinity for a kind without a limit.
 * Sockets can exceed their limit by an eighth between two checks.
 */
export function worstCase(options: WorstCaseOptions): Readonly<Record<string, number>> {
  const limited = (limit: number): number => (limit === 0 ? Infinity : limit);
  const sessions = limited(options.maxSessions);
  return {
    maxParamBytes: limited(options.maxParamBytes),
    maxPacedBytes: limited(options.maxPacedBytes),
    maxSubscriptionBytes: limited(options.maxSubscriptionBytes),
    maxQueueBytesTotal: limited(options.maxQueueBytesTotal),
    maxSendBufferBytes: limited(options.maxSendBufferBytes) * (9 / 8),
    maxPendingBundleBytes: limited(options.maxPendingBundleBytes),
    maxSignalBytes: limited(options.maxSignalBytes),
    maxWillBytes: limited(options.maxWillBytes),
    maxQueryBytes: limited(options.maxQueryBytes),
    maxTimelineBytes: options.maxTimelines === 0 ? 0 : limited(options.maxTimelineBytes),
    recipients: recipientCacheBytes(options.maxMemoryBytes),
    sessions: sessions * (sessionBytes.base + sessionBytes.unfinishedFrame),
    ...fixedBytes,
  };
}

/** Returns the sum of {@link worstCase}. */
export function worstCaseBytes(options: WorstCaseOptions): number {
  return Object.values(worstCase(options)).reduce((sum, bytes) => sum + bytes, 0);
}
