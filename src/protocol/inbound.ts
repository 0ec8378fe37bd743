import type { DecodeError } from './errors.js';
import type { Frame } from './frame.js';
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
