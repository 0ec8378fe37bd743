import { createReadStream } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { lookup } from 'mrmime';

export interface StaticFilesOptions {
  /** Everything in it can be read by anybody who reaches the port, but for names that begin with a dot. */
  readonly folder: string;
  /** Where it is served; begins and ends with a slash. @default '/' */
  readonly at?: string | undefined;
}

/** A plain HTTP request, as far as it matters here; the route fits into the `routes` of a WebSocket port. */
interface FileRequest {
  readonly method: string;
  /** Percent signs are not decoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface FileAnswer {
  readonly status: number;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Readable | undefined;
}

export interface StaticFilesRoute {
  /** Undefined for a request that is none of its own, or for which there is no file. */
  readonly answer: (request: FileRequest) => Promise<FileAnswer | undefined> | undefined;
}

/** A folder that cannot be served. The message is one plain sentence. */
export class StaticFilesError extends Error {
  override readonly name = 'StaticFilesError';
}

/**
 * Serves the files of a folder: a page with faders, say, on the port its clients connect to. `index.html` stands for its folder. Links
 * that lead out of the folder are not followed, names that begin with a dot are not served, and folders are not listed.
 *
 * @throws StaticFilesError when there is no such folder, or `at` is no path
 */
export async function staticFiles({ folder, at = '/' }: StaticFilesOptions): Promise<StaticFilesRoute> {
  if (!/^\/(?:.*\/)?$/.test(at)) throw new StaticFilesError(`at has to begin and end with a slash, not be "${at}"`);
  const root = await rootOf(folder);
  return {
    answer(request) {
      const { method, path } = request;
      if ((method !== 'GET' && method !== 'HEAD') || !path.startsWith(at)) return undefined;
      const segments = segmentsOf(path.slice(at.length));
      return segments && answerFile(root, segments, request);
    },
  };
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder));
    const handle = await open(root);
    const isFolder = (await handle.stat()).isDirectory();
    await handle.close();
    if (isFolder) return root;
  } catch {
    // The sentence below says it all.
  }
  throw new StaticFilesError(`cannot serve ${folder}: there is no such folder, or it may not be read`);
}

/** Names below the folder; undefined where one of them is none that is served. The last is empty for a folder. */
function segmentsOf(path: string): readonly string[] | undefined {
  const segments: string[] = [];
  for (const encoded of path.split('/')) {
    const segment = decoded(encoded);
    if (segment === undefined || segment.startsWith('.') || /[\\/\0:]/.test(segment)) return undefined;
    segments.push(segment);
  }
  const isName = (segment: string, i: number): boolean => segment !== '' || i === segments.length - 1;
  return segments.every(isName) ? segments : undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

async function answerFile(
  root: string,
  segments: readonly string[],
  { method, path, headers }: FileRequest,
): Promise<FileAnswer | undefined> {
  const named = join(root, ...segments);
  const wanted = segments.at(-1) === '' ? join(named, 'index.html') : named;
  const file = await openWithin(root, wanted);
  if (file === undefined) return undefined;
  const { handle, isFolder, size, modifiedMs } = file;
  if (isFolder) {
    await handle.close();
    // Without the slash the page's own relative links would lead beside its folder.
    return { status: 302, headers: { Location: `${path}/` } };
  }
  const etag = `"${size.toString(36)}-${Math.floor(modifiedMs).toString(36)}"`;
  const answer = {
    type: withCharset(lookup(wanted) ?? 'application/octet-stream'),
    // Asked for again each time, and sent only when it has changed: a show's page must not be yesterday's.
    headers: { ETag: etag, 'Cache-Control': 'no-cache', 'Content-Length': String(size) },
  };
  if (headers['if-none-match'] === etag) {
    await handle.close();
    return { status: 304, headers: { ETag: etag, 'Cache-Control': 'no-cache' } };
  }
  if (method === 'HEAD' || size === 0) {
    await handle.close();
    return { status: 200, ...answer };
  }
  // Not beyond what was promised, should the file grow meanwhile.
  const body = createReadStream(wanted, { fd: handle, end: size - 1 });
  return { status: 200, ...answer, body };
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly isFolder: boolean;
  readonly size: number;
  readonly modifiedMs: number;
}

/** Opens what is there, if it is a file or a folder and lies within the root, links followed. */
async function openWithin(root: string, path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    const real = await realpath(path);
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    handle = await open(real);
    const stat = await handle.stat();
    if (stat.isFile() || stat.isDirectory()) {
      return { handle, isFolder: stat.isDirectory(), size: stat.size, modifiedMs: stat.mtimeMs };
    }
  } catch {
    // It is not there, or not to be read: for a peer that is the same.
  }
  await handle?.close();
  return undefined;
}

function withCharset(type: string): string {
  return /^text\/|[/+](?:json|xml|javascript)$/.test(type) ? `${type}; charset=utf-8` : type;
}
