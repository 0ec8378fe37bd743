import { option } from '../../util/option.js';

/** Options of the sockets of all sessions. */
export const sendBufferOptions = {
  highWaterBytes: option.bytes({
    least: 1,
    default: 1_048_576,
    doc: 'Unsent bytes in a socket above which its session is congested.',
  }),
  maxSendBufferBytes: option.bytes({
    share: 16,
    doc:
      'Maximum unsent bytes in the sockets of all sessions; 0 = unlimited. Above half of it, `highWaterBytes` is at ' +
      'most 65_536. Above it, the session whose socket holds the most is closed.',
  }),
};

/** The limits of the queue of one congested session. */
export const sendQueueOptions = {
  maxQueueBytes: option.bytes({
    least: 65_536,
    default: 4_194_304,
    doc: 'Maximum queued bytes of one congested session; above it the session is closed.',
  }),
  maxQueueMessages: option.count({
    least: 1,
    default: 65_536,
    doc: 'Maximum queued messages of one congested session; above it the session is closed.',
  }),
};

/** The limit of the queues of all congested sessions. */
export const sendQueueBudgetOptions = {
  maxQueueBytesTotal: option.bytes({
    least: 65_536,
    share: 16,
    shareAtMost: 268_435_456,
    doc:
      'Maximum bytes of the queues of all congested sessions, including 250 bytes for each message. Above it, the ' +
      'session with the largest queue loses messages or is closed.',
  }),
};
