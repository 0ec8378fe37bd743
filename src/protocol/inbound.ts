import type { DecodeError } from './errors.js';
import type { Frame } from './frame.js';
import type { Message } from './messages/message.js';

/**
 * What the pipeline makes of what a peer sent: its messages in order and, at their place in that order, what was wrong
 * with the rest. One type, so that one exhaustive switch sees everything a session does.
 */
export type InboundMessage = Message | MalformedMessage | RateLimitedMessage;

/** Bytes that were no message. */
export interface MalformedMessage {
  readonly type: 'malformed';
  readonly error: DecodeError;
}

/** Frames were dropped unread because the session is over its rate; said at most once a second. */
export interface RateLimitedMessage {
  readonly type: 'rateLimited';
  /** The limit that was passed. */
  readonly messagesPerSecond: number;
  /** How many frames have gone since the last time this was said. */
  readonly dropped: number;
}

export type InboundFrame = Frame<InboundMessage>;
