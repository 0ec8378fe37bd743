import { constants, createReadStream } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { lookup } from 'mrmime';
import { type ByteRange, readRange } from './byte-range.js';
import { type OpenFile, openWithin } from './open-file.js';
import { servedNames } from './served-name.js';
import { isSameState, isUnmodified, validatorsOf } from './validators.js';
import type { LibraryErrorCode } from '../../util/library-errors.js';

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
  readonly headers: IncomingHttpHeaders;
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
  readonly code = 'CLASP_ERR_STATIC_FILES' satisfies LibraryErrorCode;
}

/**
 * Serves the files of a folder: a page with faders, on the port its clients connect to. `index.html` stands for its folder. A GET can
 * ask for one range of bytes. Links that lead out of the folder are not followed, names that begin with a dot and anything but
 * regular files are not served, and folders are not listed. docs/static-files.md has the answers.
 *
 * @throws StaticFilesError if the folder does not exist or cannot be read, or if `at` is not a path
 */
export async function staticFiles({ folder, at = '/' }: StaticFilesOptions): Promise<StaticFilesRoute> {
  if (!/^\/(?:.*\/)?$/.test(at)) throw new StaticFilesError(`at has to begin and end with a slash, not be "${at}"`);
  const root = await rootOf(folder);
  return {
    answer(request) {
      const { method, path } = request;
      if ((method !== 'GET' && method !== 'HEAD') || !path.startsWith(at)) return undefined;
      const names = servedNames(path.slice(at.length));
      return names && answerPath(root, names, request);
    },
  };
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder));
    await access(root, constants.R_OK | constants.X_OK);
    if ((await stat(root)).isDirectory()) return root;
  } catch {
    // The sentence below says it all.
  }
  throw new StaticFilesError(`cannot serve ${folder}: there is no such folder, or it may not be read`);
}

async function answerPath(
  root: string,
  names: readonly string[],
  request: FileRequest,
): Promise<FileAnswer | undefined> {
  const named = join(root, ...names);
  const wanted = names.at(-1) === '' ? join(named, 'index.html') : named;
  const file = await openWithin(root, wanted);
  if (file === undefined) return undefined;
  // Without the slash, the relative links of the page would lead beside its folder.
  if (file === 'folder') return { status: 302, headers: { Location: `${request.path}/` } };
  const { body, ...answer } = answerFile(file, wanted, request);
  if (body === undefined) {
    await file.handle.close();
    return answer;
  }
  // Not beyond what Content-Length promises, should the file grow meanwhile.
  return { ...answer, body: createReadStream(wanted, { fd: file.handle, start: body.first, end: body.last }) };
}

/** The answer, with the bytes of the file that belong to it. */
function answerFile(
  file: OpenFile,
  path: string,
  { method, headers }: FileRequest,
): Omit<FileAnswer, 'body'> & { readonly body?: ByteRange | undefined } {
  const { size } = file;
  const validators = validatorsOf(file);
  const common = {
    ETag: validators.etag,
    'Last-Modified': validators.lastModified,
    'Accept-Ranges': 'bytes',
    // A client asks each time, and gets the file only if it has changed: the page of a show must not be that of yesterday.
    'Cache-Control': 'no-cache',
  };
  if (isUnmodified(headers, validators)) return { status: 304, headers: common };
  const type = withCharset(lookup(path) ?? 'application/octet-stream');
  // Range is defined for GET alone.
  const range = method === 'GET' && isSameState(headers, validators) ? readRange(headers.range, size) : undefined;
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...common, 'Content-Range': `bytes */${size}`, 'Content-Length': '0' } };
  }
  if (range === undefined) {
    const body = method === 'HEAD' || size === 0 ? undefined : { first: 0, last: size - 1 };
    return { status: 200, type, headers: { ...common, 'Content-Length': String(size) }, body };
  }
  const { first, last } = range;
  const partial = { 'Content-Range': `bytes ${first}-${last}/${size}`, 'Content-Length': String(last - first + 1) };
  return { status: 206, type, headers: { ...common, ...partial }, body: range };
}

function withCharset(type: string): string {
  return /^text\/|[/+](?:json|xml|javascript)$/.test(type) ? `${type}; charset=utf-8` : type;
}
