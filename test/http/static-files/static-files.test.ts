import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouter, type Router, webSocket } from '../../../src/index.js';
import { staticFiles, StaticFilesError } from '../../../src/http/static-files/index.js';
import { type HttpAnswer, httpRequest, type HttpRequestOptions } from '../../support/http-request.js';

let folder: string;
let router: Router;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clasp-static-'));
  await mkdir(join(folder, 'site/deep/er'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'site/index.html'), '<h1>Faders</h1>');
  await writeFile(join(folder, 'site/app.mjs'), 'export const a = "ä";');
  await writeFile(join(folder, 'site/with space & ä.bin'), Buffer.alloc(300_000, 7));
  await writeFile(join(folder, 'site/empty.css'), '');
  await writeFile(join(folder, 'site/.env'), 'secret');
  await writeFile(join(folder, 'site/deep/index.html'), 'deep');
  await symlink(join(folder, 'secret.txt'), join(folder, 'site/link.txt'));
  await symlink(folder, join(folder, 'site/up'));
  await symlink(join(folder, 'site/app.mjs'), join(folder, 'site/inside.mjs'));
  router = createRouter({
    transports: [webSocket({ port: 0, host: '127.0.0.1' })],
    services: [
      staticFiles({ folder: join(folder, 'site/deep'), at: '/other/' }),
      staticFiles({ folder: join(folder, 'site') }),
    ],
  });
  port = (await router.start())[0]?.port ?? 0;
});

afterAll(async () => {
  await router.stop();
  await rm(folder, { recursive: true });
});

function ask(path: string, options: HttpRequestOptions = {}): Promise<HttpAnswer> {
  return httpRequest(port, path, options);
}

describe('a folder of files', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', '<h1>Faders</h1>'],
    ['/index.html', 'text/html; charset=utf-8', '<h1>Faders</h1>'],
    ['/app.mjs?v=1', 'text/javascript; charset=utf-8', 'export const a = "Ã¤";'],
    ['/with%20space%20%26%20%C3%A4.bin', 'application/octet-stream', '\x07'.repeat(300_000)],
    ['/empty.css', 'text/css; charset=utf-8', ''],
    ['/deep/', 'text/html; charset=utf-8', 'deep'],
    ['/other/', 'text/html; charset=utf-8', 'deep'],
    ['/inside.mjs', 'text/javascript; charset=utf-8', 'export const a = "Ã¤";'],
  ])('serves %s as %s', async (path, type, body) => {
    const answer = await ask(path);
    expect(answer).toMatchObject({ status: 200, body });
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'content-length': String(body.length),
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/..%5csecret.txt',
    '/deep/../../secret.txt',
    '/.env',
    '/%2eenv',
    '/link.txt',
    '/up/secret.txt',
    '/app.mjs/',
    '/app.mjs%00.html',
    '//app.mjs',
    '/deep//index.html',
    '/%',
    '/%E0%A4%A',
    '/none.html',
    '/c:/secret.txt',
  ])('returns no answer for %s', async (path) => {
    const { body, headers } = await rawly(path);
    expect(body).not.toContain('secret');
    expect(headers).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('redirects a folder without its slash', async () => {
    await expect(ask('/deep')).resolves.toMatchObject({ status: 302, headers: { location: '/deep/' } });
  });

  it('sends a file again only if it has changed', async () => {
    const first = await ask('/app.mjs');
    const etag = first.headers.etag ?? '';
    await expect(ask('/app.mjs', { headers: { 'if-none-match': etag } })).resolves.toMatchObject({
      status: 304,
      body: '',
    });
    await writeFile(join(folder, 'site/app.mjs'), 'export const a = "ä"; // changed');
    const second = await ask('/app.mjs', { headers: { 'if-none-match': etag } });
    expect(second.status).toBe(200);
    expect(second.headers.etag).not.toBe(etag);
    await writeFile(join(folder, 'site/app.mjs'), 'export const a = "ä";');
  });

  it('returns the size of a file for HEAD', async () => {
    const { status, headers, body } = await ask('/app.mjs', { method: 'HEAD' });
    expect([status, headers['content-length'], body]).toEqual([200, '22', '']);
  });

  it('leaves other methods to other routes', async () => {
    await expect(ask('/app.mjs', { method: 'POST' })).resolves.not.toMatchObject({ body: 'export const a = "Ã¤";' });
  });

  it('closes the file when its reader disconnects', async () => {
    await new Promise<void>((resolve, reject) => {
      const asked = get({ host: '127.0.0.1', port, path: '/with%20space%20%26%20%C3%A4.bin' }, (response) => {
        response.once('data', () => asked.destroy());
        response.once('close', resolve);
        response.on('error', () => undefined);
      });
      asked.on('error', reject);
    });
    await expect(ask('/')).resolves.toMatchObject({ status: 200 });
  });

  it.each(['none', 'secret.txt'])('must exist: %s', async (name) => {
    const path = join(folder, name);
    const message = `cannot serve ${path}: the folder does not exist or cannot be read`;
    await expect(staticFiles({ folder: path }).start()).rejects.toEqual(new StaticFilesError(message));
    await expect(createRouter({ services: [staticFiles({ folder: path })] }).start()).rejects.toMatchObject({
      code: 'CLASP_ERR_SERVICE',
      message: `the service static files of ${path} at / did not start: ${message}`,
    });
  });

  it('requires slashes around its path', () => {
    expect(() => staticFiles({ folder, at: '/x' })).toThrow('at must start and end with a slash, not be "/x"');
  });
});

/** Sends the path exactly as given, which no library does. */
function rawly(path: string): Promise<{ readonly headers: string; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`));
    let text = '';
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => {
      const [headers = '', body = ''] = text.split('\r\n\r\n');
      resolve({ headers, body });
    });
  });
}
