// @ts-check
// End to end and fan-out over each transport, in one run: node bench/transports/main.mjs [--seconds N] [--repeat N]
// [--transport NAME]
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cpuSeconds, stop, track } from '../children.mjs';
import { describe, environment } from '../environment.mjs';
import { quantity } from '../report.mjs';
import { median } from '../summary.mjs';
import { Worker } from '../worker.mjs';

/** @typedef {import('./peer.mjs').TransportName} TransportName */

/** @type {readonly TransportName[]} */
const all = ['websocket', 'tcp', 'pipe', 'quic', 'udp'];
const audiences = [1, 100];
/** The router accepts 64 UDP peers per address. */
const MAX_UDP_PEERS = 50;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    repeat: { type: 'string', default: '3' },
    transport: { type: 'string', multiple: true, default: [...all] },
  },
});
const seconds = Number(values.seconds);
const transports = all.filter((name) => values.transport.includes(name));

/** @type {Map<string, { rates: number[], ratios: number[], perCpu: number[] }>} */
const figures = new Map();
console.log(`${describe(environment())}\n${values.repeat} × ${seconds} s each\n`);
for (let repeat = 1; repeat <= Number(values.repeat); repeat++) {
  for (const audience of audiences) {
    for (const transport of transports) {
      const subscribers = transport === 'udp' ? Math.min(audience, MAX_UDP_PEERS) : audience;
      const key = `1 to ${subscribers}, ${transport}`;
      process.stderr.write(`${key}  ${repeat}/${values.repeat}  `);
      try {
        const { rate, ratio, perCpuSecond } = await run(transport, subscribers);
        const figure = figures.get(key) ?? { rates: [], ratios: [], perCpu: [] };
        figures.set(key, figure);
        figure.rates.push(rate);
        figure.ratios.push(ratio);
        figure.perCpu.push(perCpuSecond);
        process.stderr.write(`${quantity(rate, '/s')}  delivered/sent ${ratio.toFixed(4)}\n`);
      } catch (error) {
        process.stderr.write(`failed: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
      }
    }
  }
}
console.log(
  '| case | delivered, median | min..max | delivered/sent | per CPU s of the router |\n| --- | ---: | ---: | ---: | ---: |',
);
for (const [key, { rates, ratios, perCpu }] of figures) {
  const range = `${quantity(Math.min(...rates), '/s')}..${quantity(Math.max(...rates), '/s')}`;
  console.log(
    `| ${key} | ${quantity(median(rates) ?? 0, '/s')} | ${range} | ${(median(ratios) ?? 0).toFixed(4)} | ${quantity(median(perCpu) ?? 0, '')} |`,
  );
}

/** @param {TransportName} transport @param {number} subscribers */
async function run(transport, subscribers) {
  const folder = mkdtempSync(join(tmpdir(), 'clasp-bench-'));
  const path = process.platform === 'win32' ? '\\\\.\\pipe\\clasp-bench' : join(folder, 'clasp.sock');
  const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  /** @type {Record<TransportName, string[]>} */
  const doors = {
    websocket: [],
    tcp: ['--no-websocket', '--tcp-port', '0'],
    pipe: ['--no-websocket', '--pipe', path],
    quic: ['--no-websocket', '--quic-port', '0', '--data-dir', folder],
    udp: ['--no-websocket', '--udp-port', '0'],
  };
  const args = [cli, '--host', '127.0.0.1', '--port', '0', '--log-level', 'error', ...doors[transport]];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  track(server);
  const [publisher, subscriber] = [new Worker('./transports/publisher.mjs'), new Worker('./transports/subscriber.mjs')];
  try {
    const port = await listening(server);
    const ca = transport === 'quic' ? readFileSync(join(folder, 'self-signed-certificate.pem'), 'utf8') : '';
    const where = { transport, host: '127.0.0.1', port, path, ca };
    await subscriber.call('open', { where, count: subscribers });
    await publisher.call('open', where);
    await publisher.call('publish', { seconds: 1 }, 1_000); // warms the router up
    const before = await settled(subscriber);
    const cpu = cpuSeconds(server.pid) ?? NaN;
    const startedAt = performance.now();
    const { sent, error } = await publisher.call('publish', { seconds }, seconds * 1_000);
    const { delivered, at } = await settled(subscriber);
    const problem = error !== '' ? error : before.error;
    if (problem !== '') process.stderr.write(`(${problem}) `);
    return {
      rate: (delivered - before.delivered) / ((at - startedAt) / 1_000),
      ratio: (delivered - before.delivered) / (sent * subscribers),
      perCpuSecond: (delivered - before.delivered) / ((cpuSeconds(server.pid) ?? NaN) - cpu),
    };
  } finally {
    await Promise.all([publisher.stop(), subscriber.stop(), stop(server)]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until nothing more arrives. @param {Worker} subscriber */
async function settled(subscriber) {
  let status = await subscriber.call('status');
  let at = performance.now();
  for (;;) {
    await sleep(100);
    const next = await subscriber.call('status');
    if (next.delivered === status.delivered) return { ...status, at };
    status = next;
    at = performance.now();
  }
}

/** @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, null>} server @returns {Promise<number>} */
function listening(server) {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout.on('data', (chunk) => {
      output += chunk;
      const found = /listening on (?:\S+:(\d+)|unix:\S+|\S+pipe\S+)/.exec(output);
      if (found !== null && output.includes('security:')) resolve(Number(found[1] ?? 0));
    });
    server.on('exit', (code) => reject(new Error(`the router ended with ${code}`)));
  });
}
