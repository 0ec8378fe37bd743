import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouter, type Router, webSocket } from '../../../src/index.js';
import { staticFiles, StaticFilesError } from '../../../src/http/static-files/index.js';
import { servedNames } from '../../../src/http/static-files/served-name.js';
import { httpRequest } from '../../support/http-request.js';

// Windows has no FIFOs, sockets or devices among its files, so these tests are skipped there.
const onPosix = process.platform === 'win32' ? it.skip : it;

let folder: string;
let router: Router;
let port: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clasp-special-'));
  await mkdir(join(folder, 'site'));
  await writeFile(join(folder, 'site/page.html'), 'a page');
  router = createRouter({
    transports: [webSocket({ port: 0, host: '127.0.0.1' })],
    services: [staticFiles({ folder: join(folder, 'site') })],
  });
  port = (await router.start())[0]?.port ?? 0;
});
afterEach(async () => {
  await router.stop();
  await rm(folder, { recursive: true });
});

describe('a file that is not regular', () => {
  onPosix('is not opened: more requests for a FIFO than threads do not delay other files', async () => {
    spawnSync('mkfifo', [join(folder, 'site/fifo')]);
    await symlink('fifo', join(folder, 'site/link-to-fifo'));
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) => httpRequest(port, i % 2 === 0 ? '/fifo' : '/link-to-fifo')),
    );
    for (const { status, body } of answers)
      expect([status, body]).toEqual([404, expect.not.stringContaining('a page')]);
    expect(await httpRequest(port, '/page.html')).toMatchObject({ status: 200, body: 'a page' });
  });

  onPosix('is missing: a socket, a device, a folder that must be a file', async () => {
    const server = createServer().listen(join(folder, 'site/socket'));
    await once(server, 'listening');
    await symlink('/dev/zero', join(folder, 'site/zero'));
    await mkdir(join(folder, 'site/app/index.html'), { recursive: true });
    for (const path of ['/socket', '/zero', '/app/index.html/']) {
      expect([path, (await httpRequest(port, path)).status]).toEqual([path, 404]);
    }
    server.close();
  });

  onPosix('cannot be the served folder', async () => {
    const fifo = join(folder, 'fifo');
    spawnSync('mkfifo', [fifo]);
    await expect(staticFiles({ folder: fifo }).start()).rejects.toThrow(StaticFilesError);
  });
});

describe('a name with another meaning on Windows', () => {
  it.each(['con', 'NUL', 'aux.txt', 'COM1', 'lpt9.css', 'CONIN$', 'GIT~1', 'page.html.', 'page.html%20'])(
    'is not served there: %s',
    (name) => {
      expect(servedNames(`deep/${name}`, true)).toBeUndefined();
      expect(servedNames(`deep/${name}`, false)).toEqual(['deep', decodeURIComponent(name)]);
    },
  );

  it.each(['console.js', 'null.json', 'com10.txt', 'a~b.txt', 'auxiliary'])('does not include %s', (name) => {
    expect(servedNames(name, true)).toEqual([name]);
  });
});
