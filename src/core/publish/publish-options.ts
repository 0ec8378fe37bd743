import { option } from '../../util/option.js';

/** Options of stored timelines. */
export const timelineOptions = {
  maxTimelines: option.count({
    default: 0,
    most: 65_536,
    doc: 'Maximum addresses whose last timeline is stored for later subscribers; 0 = none.',
  }),
  maxTimelineBytes: option.bytes({
    share: 64,
    doc: 'Approximate maximum bytes of stored timelines; the oldest is removed; 0 = unlimited.',
  }),
};

/** Options of events, streams, gestures and timelines. */
export const publishOptions = {
  ...timelineOptions,
  gestureIntervalMs: option.milliseconds({
    default: 16,
    most: 10_000,
    doc: 'Minimum milliseconds between two moves of one gesture; 0 = every move passes.',
  }),
};
