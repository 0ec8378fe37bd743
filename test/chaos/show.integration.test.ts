import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, tcp, udp, webSocket } from '../../src/index.js';
import { type Doors, show, type ShowProgress } from './show.js';

const host = '127.0.0.1';
let router: Router;
let doors: Doors;

beforeEach(async () => {
  router = createRouter({ drainTimeoutSeconds: 1 });
  const [websocket] = await router.listen(webSocket({ port: 0, host }));
  const [plain] = await router.listen(tcp({ port: 0, host }));
  const [datagrams] = await router.listen(udp({ port: 0, host }));
  doors = { websocket: websocket!.port, tcp: plain!.port, udp: datagrams!.port };
});

afterEach(() => router.stop());

/** Returns whether each kind of event has occurred in the show, whatever the speed of this machine. */
function isFull({ steps, acts, cuts, stalls, refusals, lost, flips, stored }: ShowProgress): boolean {
  const did = (act: string, times: number): boolean => (acts.get(act) ?? 0) >= times;
  return (
    steps >= 40 &&
    stored >= 100 &&
    Math.min(cuts, stalls, refusals, lost, flips) > 0 &&
    [['set', 50] as const, ['bundle', 10] as const, ['lock', 5] as const, ['get', 5] as const].every(([act, times]) =>
      did(act, times),
    ) &&
    ['left', 'lost', 'vandalism'].every((act) => did(act, 1))
  );
}

describe('a show under faults', () => {
  it('ends with all clients in agreement with the router, and the router with all acknowledged writes', async () => {
    const report = await show({
      doors,
      cast: { websocket: 3, tcp: 2, udp: 1, official: 2, broken: 2 },
      seed: 2_026,
      stepMs: 20,
      ackTimeoutMs: 10_000, // longer than any stall here, so that no answer is late; the long show tests late answers
      goesOn: (progress) => !isFull(progress()),
    });
    expect(report.violations).toEqual([]);
    expect(report.params).toBeGreaterThan(20);
  }, 180_000); // an upper bound for failures, each of which waits for its own timeout
});
