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

/** Whether everything a show is for has happened in it, however fast or slow this machine is. */
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
  it('ends with everybody knowing what the router holds, and the router holding all it acknowledged', async () => {
    const report = await show({
      doors,
      cast: { websocket: 3, tcp: 2, udp: 1, official: 2, broken: 2 },
      seed: 2_026,
      stepMs: 20,
      ackTimeoutMs: 10_000, // longer than any stall here: what is late then is for the long show to find
      goesOn: (progress) => !isFull(progress()),
    });
    expect(report.violations).toEqual([]);
    expect(report.params).toBeGreaterThan(20);
  }, 180_000); // a ceiling for what is broken, each of whose symptoms is waited for
});
