// @ts-check
import { throughput } from '../throughput.mjs';

const SUBSCRIBERS = 10;

/**
 * One publisher and ten subscribers that receive everything, and also have subscriptions that never match.
 *
 * @param {{ patterns: number, addresses: number }} load `patterns` of all subscribers together
 * @param {import('../run.mjs').Duration} duration
 * @param {import('../state/cases.mjs').LoadServer} server
 */
export function measurePatterns({ patterns, addresses }, duration, server) {
  const interests = Array.from({ length: SUBSCRIBERS }, (_, subscriber) => [
    '/bench/param/*',
    ...Array.from({ length: patterns / SUBSCRIBERS - 1 }, (_, i) => otherPattern(subscriber, i)),
  ]);
  const digits = String(addresses - 1).length;
  return throughput(
    {
      load: {
        publishers: 1,
        signal: 'set',
        qos: 1,
        addresses: Array.from({ length: addresses }, (_, i) => `/bench/param/${String(i).padStart(digits, '0')}`),
        pace: 'blocks',
      },
      audience: { interests, deliveriesPerMessage: SUBSCRIBERS, countBy: 'headers' },
    },
    server,
    duration,
  );
}

/**
 * Returns a pattern with a prefix that published addresses share and a wildcard at any position, which matches no
 * address.
 *
 * @param {number} subscriber
 * @param {number} i
 */
function otherPattern(subscriber, i) {
  const name = `${subscriber}-${i}`;
  switch (i % 5) {
    case 0:
      return `/bench/param/${name}`;
    case 1:
      return `/bench/*/${name}`;
    case 2:
      return `/*/param/${name}/**`;
    case 3:
      return `/**/${name}`;
    default:
      return `/bench/${name}/*`;
  }
}
