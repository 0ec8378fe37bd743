import { Qos } from './enumerations.js';
import { DecodeError } from './errors.js';
import { decodeFrame, type Frame } from './frame.js';
import { FrameRun } from './frame-run.js';
import type { Message } from './messages/message.js';

/**
 * Input of a session from the pipeline: its messages in order, and at their position the faults. One type, so that one
 * exhaustive switch handles all input of a session.
 */
export type InboundMessage = LocalMessage | MalformedMessage | RateLimitedMessage;

/** A message of an in-process session. */
export type LocalMessage = Message | RemoveMessage;

/**
 * Removes a param. Only in-process sessions can send it: CLASP has no such message. Subscribers receive a SET of null
 * with the next revision, and the session an ACK with that revision.
 */
export interface RemoveMessage {
  readonly type: 'remove';
  readonly address: string;
}

/** Bytes that are not a message. */
export interface MalformedMessage {
  readonly type: 'malformed';
  readonly error: DecodeError;
}

/** Frames that were dropped unread because the session exceeds its rate. Reported at most once per second. */
export interface RateLimitedMessage {
  readonly type: 'rateLimited';
  /** The limit that was exceeded. */
  readonly messagesPerSecond: number;
  /** Number of frames dropped since the last report. */
  readonly dropped: number;
}

export type InboundFrame = Frame<InboundMessage>;

/** A frame, or adjacent frames whose bytes are not decoded yet. */
export type InboundItem = InboundFrame | FrameRun;

/** Returns the number of frames. */
export function countFrames(items: readonly unknown[]): number {
  let count = 0;
  for (const item of items) count += item instanceof FrameRun ? item.count : 1;
  return count;
}

/**
 * Decodes a sample of frames.
 *
 * @param first index of the first frame
 * @param stride one of so many frames is decoded
 * @returns the index of the next frame in the items that follow
 */
export function sampleFrames(
  items: readonly InboundItem[],
  first: number,
  stride: number,
  look: (frame: InboundFrame) => void,
): number {
  let skip = first;
  for (const item of items) {
    if (!(item instanceof FrameRun)) {
      if (skip === 0) look(item);
      skip = skip === 0 ? stride - 1 : skip - 1;
    } else if (skip >= item.count) {
      skip -= item.count;
    } else {
      const { bytes } = item;
      for (let start = 0; start < bytes.length;) {
        const end = item.endOf(start);
        if (skip === 0) look(decodeInbound(bytes, start, end));
        skip = skip === 0 ? stride - 1 : skip - 1;
        start = item.startAfter(end);
      }
    }
  }
  return skip;
}

/** Decodes the frame `bytes[start, end)`. An invalid one becomes `malformed`. */
export function decodeInbound(bytes: Uint8Array, start: number, end: number): InboundFrame {
  try {
    return decodeFrame(bytes, start, end);
  } catch (error) {
    return malformedFrame(error, 'binary');
  }
}

/**
 * Returns the frame for an exception of a decoder. A decoder throws only DecodeErrors. Any other error is a bug in the
 * router and must not be attributed to the peer.
 */
export function malformedFrame(error: unknown, encoding: 'binary' | 'json'): InboundFrame {
  if (!(error instanceof DecodeError)) throw error;
  return { message: { type: 'malformed', error }, qos: Qos.Fire, encoding };
}
