import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignJWT } from 'jose';
import { type Client, connect, type StateChange } from '../../src/client/node.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { type RouterProcess, startRouterProcess } from '../support/router-process.mjs';

/** Windows lacks the signal with which a test sets the date of the process. */
const describeSignalled = process.platform === 'win32' ? describe.skip : describe;

const HOUR_S = 3_600;
const AHEAD_S = 8 * HOUR_S;

const cleanUps: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const secret = randomBytes(32);
let router: RouterProcess;
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

function token(begins: number, ends: number): Promise<string> {
  return new SignJWT({ admin: ['/**'], nbf: begins, exp: ends }).setProtectedHeader({ alg: 'HS256' }).sign(secret);
}

/** Without reconnecting, so that a closed session stays closed. */
async function open(jwt: string): Promise<{ client: Client; changes: StateChange[] }> {
  const client = await connect(`ws://127.0.0.1:${router.doors.websocket}`, { token: jwt, reconnect: false });
  cleanUps.push(() => client.close());
  const changes: StateChange[] = [];
  client.onState((change) => changes.push(change));
  return { client, changes };
}

/** Sets the date of the router to the next one in its list, and waits until it is set. */
async function setDate(): Promise<void> {
  const before = router.lastLines.filter((line) => line.includes('the date is')).length;
  process.kill(router.pid!, 'SIGUSR2'); // it runs
  while (router.lastLines.filter((line) => line.includes('the date is')).length === before) await sleep(5);
}

describeSignalled('a router whose date is corrected by eight hours while it runs', () => {
  beforeAll(async () => {
    const folder = new TemporaryFolder();
    const jumping = new URL('../support/jumping-date.mjs', import.meta.url).href;
    router = await startRouterProcess(
      ['--auth', '--allow-insecure-udp', '--data-dir', folder.path, '--jwt-secret', folder.write('secret', secret)],
      { nodeArgs: ['--import', jumping], env: { DATE_JUMPS_MS: `${AHEAD_S * 1_000},${-HOUR_S * 1_000}` } },
    );
    cleanUps.push(() => {
      folder.remove();
    });
    cleanUps.push(() => router.stop());
  });

  it('judges tokens by the new date at once, ends sessions with expired tokens, and runs and expires nothing early', async () => {
    const now = nowSeconds();
    const [short, long] = [await token(now, now + HOUR_S), await token(now, now + 100 * HOUR_S)];
    const ofLater = await token(now + AHEAD_S, now + AHEAD_S + HOUR_S);
    await expect(open(ofLater)).rejects.toMatchObject({ code: 300, message: /its time has not come/ });

    const ending = await open(short);
    const staying = await open(long);
    await staying.client.set('/short-lived', 1, { ttlSeconds: HOUR_S, absolute: true });
    const at = staying.client.serverTime() + HOUR_S * 1_000_000;
    await staying.client.bundle([{ kind: 'param', address: '/scheduled', value: 1 }], { at });
    const timeBefore = staying.client.serverTime();

    await setDate();
    const later = await open(ofLater);
    await expect(open(short)).rejects.toMatchObject({ code: 302 });
    while (ending.changes.length === 0) await sleep(20);
    expect(ending.changes[0]).toMatchObject({ state: 'closed', reason: { code: 302, message: 'Token has expired' } });
    expect(later.client.serverTime() - timeBefore).toBeGreaterThanOrEqual(AHEAD_S * 1_000_000);
    expect(await later.client.get('/short-lived')).toMatchObject({ value: 1 });
    expect(await later.client.get('/scheduled')).toBeUndefined();
    expect(staying.changes).toEqual([]);
  });

  it('has a time that does not go back if the date does', async () => {
    const jwt = await token(nowSeconds() - 2 * HOUR_S, nowSeconds() + 100 * HOUR_S);
    const before = (await open(jwt)).client.serverTime();
    await setDate();
    expect((await open(jwt)).client.serverTime()).toBeGreaterThanOrEqual(before);
  });
});
