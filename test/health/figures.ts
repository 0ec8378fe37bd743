import type { RouterFigures } from '../../src/health/figures.js';

/** Figures in which every number is different, so that a test detects confused metrics. */
export const figures: RouterFigures = {
  counts: {
    sessions: 101,
    congestedSessions: 102,
    subscriptions: 103,
    params: 104,
    signals: 105,
    pendingBundles: 106,
    queuedBytes: 107,
  },
  totals: {
    deliveries: 201,
    receivedBytes: 202,
    sentBytes: 203,
    internalErrors: 206,
    authFailures: 204,
    releasedSessions: 205,
    displacedSessions: 207,
  },
  messages: { set: 301, publish: 302, subscribe: 0 },
  errors: { 404: 311, 429: 312 },
  drops: {
    rateLimited: 401,
    malformed: 402,
    conflated: 403,
    dropped: 404,
    overflows: 405,
    evictedParams: 406,
    expiredParams: 407,
    evictedSignals: 408,
    droppedBundles: 409,
    droppedWills: 410,
  },
  memory: {
    params: { usedBytes: 701, limitBytes: 702, madeRoom: 703 },
    sendBuffers: { usedBytes: 704, limitBytes: 0, madeRoom: 705 },
  },
  schedule: { bundles: 501, lastErrorMicros: 502, worstErrorMicros: 503 },
  rejectedConnections: { handshake: 601, timeout: 602, refused: 603, unsolicited: 604 },
  latencySeconds: { bounds: [0.001, 0.002], counts: [5, 0, 2], sum: 0.014 },
  fanOut: { bounds: [1, 2, 4], counts: [1, 2, 3, 4], sum: 99 },
};
