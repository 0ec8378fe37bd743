import { option } from '../../util/option.js';

/** Options of the sessions. */
export const sessionOptions = {
  maxSessions: option.count({
    default: 100,
    commandDefault: 1_000,
    doc: 'Maximum sessions, including those without HELLO; 0 = unlimited.',
  }),
  maxSessionsPerAddress: option.count({
    default: 0,
    doc: 'Maximum sessions from one address, except those of this computer; 0 = unlimited.',
  }),
  maxSessionsPerToken: option.count({
    default: 0,
    doc: 'Maximum sessions of one token; 0 = unlimited. One more gets ERROR 503.',
  }),
  maxHalfOpen: option.count({
    default: 512,
    doc: 'Maximum sessions without HELLO, except those of this computer; 0 = unlimited.',
  }),
  maxHalfOpenPerAddress: option.count({
    default: 64,
    doc: 'Maximum sessions without HELLO from one address, except this computer; 0 = unlimited.',
  }),
  helloTimeoutSeconds: option.seconds({ above: 0, default: 10, most: 3_600, doc: 'Maximum seconds until HELLO.' }),
  sessionTimeoutSeconds: option.seconds({
    default: 300,
    most: 604_800,
    doc: 'Seconds without traffic after which a session is closed; 0 = never.',
  }),
  drainTimeoutSeconds: option.seconds({
    default: 5,
    commandDefault: 3,
    most: 3_600,
    doc: 'Maximum seconds in which a peer must read its close, and maximum seconds of a stop.',
  }),
  newId: option.optional<() => string>({
    type: '() => string',
    accepts: (value) => typeof value === 'function',
    must: 'be a function',
    defaultText: 'crypto.randomUUID',
    doc: 'Returns unique session ids.',
  }),
};
