import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouter, type Router, webSocket } from '../../../src/index.js';
import { staticFiles } from '../../../src/http/static-files/index.js';
import { type HttpAnswer, httpRequest, type HttpRequestOptions } from '../../support/http-request.js';

const SIZE = 300_000;
const content = Array.from({ length: SIZE / 10 }, (_, i) => String(i).padStart(10, '.')).join('');

let folder: string;
let router: Router;
let port: number;
let etag: string;
let lastModified: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clasp-ranges-'));
  await writeFile(join(folder, 'film.mp4'), content);
  await writeFile(join(folder, 'empty.mp4'), '');
  router = createRouter({
    transports: [webSocket({ port: 0, host: '127.0.0.1' })],
    services: [staticFiles({ folder })],
  });
  port = (await router.start())[0]?.port ?? 0;
  const { headers } = await ask({ method: 'HEAD' });
  [etag, lastModified] = [headers.etag ?? '', headers['last-modified'] ?? ''];
});
afterAll(async () => {
  await router.stop();
  await rm(folder, { recursive: true });
});

function ask(options: HttpRequestOptions = {}, path = '/film.mp4'): Promise<HttpAnswer> {
  return httpRequest(port, path, options);
}

const askRange = (range: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
  ask({ headers: { range, ...headers } });

describe('a range of a file', () => {
  it.each([
    ['bytes=0-1', 0, 1], // the first request of Safari
    ['bytes=100-199', 100, 199],
    ['bytes=299990-', 299_990, 299_999],
    ['bytes=-7', 299_993, 299_999],
    ['bytes=65530-131080', 65_530, 131_080],
    ['bytes=5-999999999', 5, 299_999],
  ])('%s returns 206 with exactly these bytes', async (range, first, last) => {
    const { status, headers, body } = await askRange(range);
    expect(status).toBe(206);
    expect(headers).toMatchObject({
      'content-range': `bytes ${first}-${last}/${SIZE}`,
      'content-length': String(last - first + 1),
      'content-type': 'video/mp4',
      'accept-ranges': 'bytes',
      etag,
    });
    expect(body === content.slice(first, last + 1)).toBe(true);
  });

  it.each(['bytes=300000-', 'bytes=-0'])('%s returns 416 with the size', async (range) => {
    const { status, headers, body } = await askRange(range);
    expect([status, headers['content-range'], body]).toEqual([416, `bytes */${SIZE}`, '']);
  });

  it.each(['bytes=0-1,5-6', 'bytes=2-1', 'lines=0-1'])('%s returns the whole file', async (range) => {
    const { status, headers, body } = await askRange(range);
    expect([status, headers['content-range'], headers['accept-ranges']]).toEqual([200, undefined, 'bytes']);
    expect(body === content).toBe(true);
  });

  it('is ignored for HEAD', async () => {
    const { status, headers } = await ask({ method: 'HEAD', headers: { range: 'bytes=0-1' } });
    expect([status, headers['content-length'], headers['content-range']]).toEqual([200, String(SIZE), undefined]);
  });

  it('of an empty file returns 416, or the empty file for a suffix range', async () => {
    const first = await ask({ headers: { range: 'bytes=0-1' } }, '/empty.mp4');
    expect([first.status, first.headers['content-range']]).toEqual([416, 'bytes */0']);
    const end = await ask({ headers: { range: 'bytes=-2' } }, '/empty.mp4');
    expect([end.status, end.headers['content-length']]).toEqual([200, '0']);
  });
});

describe('If-Range', () => {
  it('returns the range while the file is unchanged, by its tag or its date', async () => {
    for (const state of [etag, lastModified]) {
      expect(await askRange('bytes=0-9', { 'if-range': state })).toMatchObject({
        status: 206,
        body: content.slice(0, 10),
      });
    }
  });

  it('returns the whole file if it has changed, or for a weak tag', async () => {
    for (const state of ['"other"', `W/${etag}`, 'Thu, 01 Jan 1970 00:00:00 GMT']) {
      const { status, body } = await askRange('bytes=0-9', { 'if-range': state });
      expect([state, status, body.length]).toEqual([state, 200, SIZE]);
    }
    // Also in place of 416.
    expect(await askRange('bytes=300000-', { 'if-range': '"other"' })).toMatchObject({ status: 200 });
  });
});

describe('a file that the client already has', () => {
  it.each(['TAG', 'W/TAG', '"other", TAG', '*'])(
    'returns 304 for If-None-Match: %s, even with a range',
    async (list) => {
      const headers = { 'if-none-match': list.replace('TAG', etag) };
      for (const range of [{}, { range: 'bytes=0-1' }]) {
        const answer = await ask({ headers: { ...headers, ...range } });
        expect(answer).toMatchObject({ status: 304, body: '', headers: { etag } });
      }
    },
  );

  it('returns 304 for If-Modified-Since, unless the file is newer or If-None-Match is present', async () => {
    expect(await ask({ headers: { 'if-modified-since': lastModified } })).toMatchObject({ status: 304, body: '' });
    const { mtimeMs } = await stat(join(folder, 'film.mp4'));
    const earlier = new Date(mtimeMs - 1_000).toUTCString();
    for (const headers of [
      { 'if-modified-since': earlier },
      { 'if-modified-since': 'yesterday' },
      { 'if-modified-since': lastModified, 'if-none-match': '"other"' },
    ]) {
      expect(await ask({ method: 'HEAD', headers })).toMatchObject({ status: 200 });
    }
  });

  it('gets a new tag and date when it is rewritten, even with the same size', async () => {
    const path = join(folder, 'again.txt');
    await writeFile(path, 'one');
    const before = await ask({}, '/again.txt');
    await writeFile(path, 'two');
    await utimes(path, new Date(), new Date(Date.now() + 5_000));
    const after = await ask({ headers: { 'if-none-match': before.headers.etag ?? '' } }, '/again.txt');
    expect(after).toMatchObject({ status: 200, body: 'two' });
    expect(after.headers['last-modified']).not.toBe(before.headers['last-modified']);
  });
});
