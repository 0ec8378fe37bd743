import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { PublishMessage } from '../../protocol/messages/message.js';

// The congestion policy: every decision about output that a peer does not read fast enough. The functions are pure. The
// other modules of this folder hold the state and carry the decisions out.

/**
 * How a message waits in the send queue of a congested session:
 *
 * - `keep`: it is never dropped.
 * - `latest`: a newer message with its address replaces it. The last value always arrives.
 * - `droppable`: a full queue drops it, oldest first, because the next one supersedes it.
 */
export type Retention = 'keep' | 'latest' | 'droppable';

/** Retention of a SET for its subscribers. */
export const SET_RETENTION: Retention = 'latest';

/** Retention of a reply, and of a PUBLISH for one session: ACK, ERROR, SNAPSHOT, RESULT, ... */
export const REPLY_RETENTION: Retention = 'keep';

/**
 * Returns the retention of a PUBLISH for its subscribers. Events, timelines, and the start, end and cancel of a gesture
 * are never dropped.
 */
export function publishRetention({ signal, phase }: Pick<PublishMessage, 'signal' | 'phase'>): Retention {
  switch (signal) {
    case 'stream':
      return 'droppable';
    case 'gesture':
      return phase === 'move' ? 'droppable' : 'keep';
    case 'param':
    case 'event':
    case 'timeline':
    case undefined:
      return 'keep';
  }
}

export interface QueueState {
  readonly bytes: number;
  /** Bytes of replies that wait for a store, outside of the queue. */
  readonly reservedBytes: number;
  readonly messages: number;
  /** Number of messages that can be dropped. */
  readonly droppable: number;
}

export interface QueueLimits {
  readonly maxBytes: number;
  readonly maxMessages: number;
}

/**
 * Decides about a queue after a message was added: nothing to do, drop the oldest droppable message and decide again,
 * or close the session.
 */
export function judgeQueue(state: QueueState, limits: QueueLimits): 'fits' | 'dropOldest' | 'close' {
  if (state.bytes + state.reservedBytes <= limits.maxBytes && state.messages <= limits.maxMessages) return 'fits';
  return state.droppable > 0 ? 'dropOldest' : 'close';
}

/**
 * Returns why a session is closed whose queue has nothing left to drop.
 *
 * @param limit the exceeded limit: of the session, or of all sessions together, where its queue is the largest
 */
export function queueOverflow(
  { messages, bytes, reservedBytes }: Pick<QueueState, 'messages' | 'bytes' | 'reservedBytes'>,
  limit: 'session' | 'router',
): ClaspError {
  const why =
    limit === 'session'
      ? 'more than this router keeps for one session'
      : 'the most of all, and together more than this router keeps';
  const replies = reservedBytes === 0 ? '' : ` and ${reservedBytes} bytes of replies that wait for the store`;
  const text = `Too slow: ${messages} messages (${bytes} bytes)${replies} were waiting, ${why}`;
  return new ClaspError(ErrorCode.Overloaded, text);
}

export interface SocketLimits {
  /** Maximum bytes in the socket buffers of all sessions together; 0 = unlimited. */
  readonly maxSendBufferBytes: number;
  /** Bytes in a socket buffer above which its session is congested. */
  readonly highWaterBytes: number;
}

/** The high-water mark while socket buffers exceed half of their limit. */
const LOW_WATER_BYTES = 65_536;

/**
 * Returns the high-water mark. Above half of the limit it is lower, so that further messages wait in send queues, where
 * newer values replace older ones.
 *
 * @param bufferedBytes bytes in all socket buffers
 */
export function highWaterMark(bufferedBytes: number, { maxSendBufferBytes, highWaterBytes }: SocketLimits): number {
  const isLow = maxSendBufferBytes > 0 && bufferedBytes > maxSendBufferBytes / 2;
  return isLow ? Math.min(LOW_WATER_BYTES, highWaterBytes) : highWaterBytes;
}

/** Returns whether a session is congested, from the bytes in its socket buffer. */
export function isCongested(bufferedBytes: number, highWaterBytes: number): boolean {
  return bufferedBytes > highWaterBytes;
}

/** Returns whether the session with the largest socket buffer is closed. */
export function mustCloseLargestSocket(bufferedBytes: number, { maxSendBufferBytes }: SocketLimits): boolean {
  return maxSendBufferBytes > 0 && bufferedBytes > maxSendBufferBytes;
}

/** Returns why that session is closed. Its connection is destroyed: an ERROR would wait behind the unread output. */
export function socketOverflow(bufferedBytes: number, { maxSendBufferBytes }: SocketLimits): string {
  return (
    `too slow: its socket held ${bufferedBytes} bytes, the most of all, and all together more than ${maxSendBufferBytes} ` +
    '(maxSendBufferBytes)'
  );
}

/** Minimum drops within a window that cause a notice, and the length of a window (router.md 3.8). */
const NOTICE_DROPS = 100;
export const NOTICE_WINDOW_MICROS = 10_000_000;

/** Returns whether a session is notified of its drops in the current window: at most once per 10 s. */
export function isNoticeDue(dropsInWindow: number, sinceNoticeMicros: number): boolean {
  return dropsInWindow >= NOTICE_DROPS && sinceNoticeMicros >= NOTICE_WINDOW_MICROS;
}

/** Returns the notice. */
export function dropNotice(dropsInWindow: number): ClaspError {
  const text = `Buffer overflow: messages being dropped (${dropsInWindow} drops in last 10 seconds)`;
  return new ClaspError(ErrorCode.Overloaded, text);
}
