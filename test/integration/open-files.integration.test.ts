import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

// The built command, as a user has it: `npm test` builds before it runs the tests.
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const onPosix = process.platform === 'win32' ? it.skip : it;

onPosix('a router without a free file descriptor logs that, and routes for the connections that it has', async () => {
  const line = `ulimit -n 400; exec "${process.execPath}" "${main}" --host 127.0.0.1 --port 0 --max-sessions 350`;
  const router = spawn('sh', ['-c', line], { stdio: ['ignore', 'pipe', 'pipe'] });
  const sockets: Socket[] = [];
  try {
    let log = '';
    router.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    let banner = '';
    for await (const chunk of router.stdout) {
      banner += String(chunk);
      if (/ws:\/\/127\.0\.0\.1:\d+/.test(banner)) break;
    }
    expect(log).toMatch(/the system allows 400 open files, too few for 350 sessions; raise the limit with ulimit -n/);
    const port = Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(banner)?.[1]);
    for (let i = 0; i < 420; i++) sockets.push(connect(port, '127.0.0.1').on('error', () => undefined));
    while (!log.includes('all 400 open files are in use')) await once(router.stderr, 'data');
    expect(router.exitCode).toBe(null);
  } finally {
    for (const socket of sockets) socket.destroy();
    router.kill('SIGKILL');
  }
});
