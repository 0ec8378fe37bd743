import { option } from '../../util/option.js';

/** The limit of patterns in a SUBSCRIBE, QUERY or ANNOUNCE. */
export const patternOptions = {
  maxGlobstars: option.count({
    default: 4,
    doc:
      'Maximum number of `**` in one pattern of a SUBSCRIBE or QUERY; 0 = unlimited. Each multiplies the cost of ' +
      'finding the recipients of a new address.',
  }),
};

/** The limit of unusual patterns, for subscriptions and for announced signals. */
export const matchOptions = {
  maxMatchSteps: option.count({
    default: 65_536,
    doc:
      'Maximum steps, of about 20 ns, for matching one address with the patterns of all sessions; 0 = unlimited. One ' +
      'owner can use a quarter. Only wildcards in the middle of a pattern count, and those after a `**` for each ' +
      'segment that an address can have.',
  }),
};

/** Options of subscriptions with `maxRate`, `epsilon` or `window`. */
export const pacingOptions = {
  maxPaced: option.count({
    least: 1,
    default: 1_000_000,
    doc:
      'Maximum pairs of a session and an address of subscriptions with `maxRate`, `epsilon` or `window`, about 550 ' +
      'bytes each. Above it, the address that has been paced for longest restarts.',
  }),
  maxPacedBytes: option.bytes({
    share: 16,
    doc:
      'Approximate maximum bytes of paced addresses and their pending messages and samples; 0 = unlimited. Above it, ' +
      'the address that has been paced for longest restarts.',
  }),
};

/** Options of the subscriptions of each session. */
export const sessionSubscriptionOptions = {
  maxSubscriptionsPerSession: option.count({
    default: 1_000,
    doc: 'Maximum subscriptions of one session; 0 = unlimited.',
  }),
  maxPatternSegmentsPerSession: option.count({
    default: 16_384,
    doc:
      'Maximum segments of all patterns of a session, about 100 bytes each; 0 = unlimited. A usual pattern has five, ' +
      'and a pattern has at most 128.',
  }),
};

/** The limits of all subscriptions together. */
export const routingOptions = {
  maxSubscriptionBytes: option.bytes({
    share: 16,
    doc:
      'Approximate maximum bytes of the subscriptions of all sessions; 0 = unlimited. If a subscription would exceed ' +
      'the limit, the session with the most, of the owner with the most, is closed.',
  }),
  ...matchOptions,
  ...pacingOptions,
};

/** All options of subscriptions. */
export const subscriptionOptions = {
  ...sessionSubscriptionOptions,
  ...routingOptions,
  ...patternOptions,
};
