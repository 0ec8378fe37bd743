import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { createRouter, webSocket } from '../../src/index.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const EVENTS = 600;
const CHARACTERS = 60_000;

// On Windows, SIGINT ends a process at once, without its last line.
const onPosix = process.platform === 'win32' ? it.skip : it;

onPosix('monitor without a reader queues 16 MiB of messages, then drops the oldest and prints how many', async () => {
  const router = createRouter({ transports: [webSocket({ host: '127.0.0.1', port: 0 })] });
  const [address] = await router.start();
  const monitor = spawn(process.execPath, [main, 'monitor', '--url', address!.url, '/big/**']);
  try {
    const sender = await router.connect();
    let errors = '';
    monitor.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await sender.set('/big/first', 0);
    await once(monitor.stdout, 'data'); // it has subscribed
    monitor.stdout.pause();
    const value = 'x'.repeat(CHARACTERS);
    for (let n = 0; n < EVENTS; n++) await sender.set(`/big/${n}`, value);
    let printed = 0;
    for await (const line of createInterface(monitor.stdout)) {
      printed++;
      if (line.includes(`/big/${EVENTS - 1} `)) monitor.kill('SIGINT');
    }
    if (monitor.exitCode === null) await once(monitor, 'exit');
    const dropped = Number(/(\d+) messages were dropped/.exec(errors)?.[1]);
    expect(printed + dropped).toBe(EVENTS);
    // A character takes up to two bytes of memory: at most 16 MiB were queued, beside the buffers of pipe and
    // socket.
    expect(printed).toBeGreaterThan(16_777_216 / (2 * CHARACTERS) / 2);
    expect(printed).toBeLessThan(EVENTS / 2);
  } finally {
    monitor.kill('SIGKILL');
    await router.stop();
  }
});
