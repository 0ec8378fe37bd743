import { option } from '../../util/option.js';

/** The limits of announced signals. */
export const signalQuotaOptions = {
  maxSignals: option.count({ default: 10_000, doc: 'Maximum announced signals; 0 = unlimited.' }),
  maxSignalBytes: option.bytes({
    share: 64,
    shareAtMost: 16_777_216,
    doc: 'Approximate maximum bytes of all announced signals, including indexes; 0 = unlimited.',
  }),
  checkAnnounced: option.flag({
    default: false,
    doc: 'Refuses a SET outside the announced range, or of another type (402).',
  }),
};

/** Options of announced signals. */
export const signalOptions = {
  ...signalQuotaOptions,
  signalTtlSeconds: option.seconds({
    default: 0,
    most: 31_536_000,
    doc: 'Seconds after its last ANNOUNCE at which a signal is removed; 0 = never.',
  }),
};

/** The limit of last wills. */
export const willOptions = {
  maxWillBytes: option.bytes({
    share: 64,
    shareAtMost: 16_777_216,
    doc: 'Maximum bytes of the last wills of all sessions; 0 = unlimited.',
  }),
};

/** The limits of unfinished answers. */
export const queryOptions = {
  maxQueriesPerSession: option.count({
    least: 1,
    default: 16,
    doc: 'Maximum unanswered QUERYs of one session; one more gets ERROR 429.',
  }),
  maxQueryBytes: option.bytes({
    share: 64,
    doc:
      'Maximum bytes of the unfinished answers to QUERYs of all sessions; 0 = unlimited. Above it, a session that does ' +
      'not read is closed, and other answers wait.',
  }),
};
