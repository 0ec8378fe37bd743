import { checkNames } from '../../util/arguments.js';
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
  /** Folder to serve. Everyone who reaches the port can read its files, except names that start with a dot. */
  readonly folder: string;
  /** URL path of the folder. Starts and ends with a slash. @default '/' */
  readonly at?: string | undefined;
}

/** The used part of a plain HTTP request. */
interface FileRequest {
  readonly method: string;
  /** Percent-encoding is not decoded. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

interface FileAnswer {
  readonly status: number;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Readable | undefined;
}

/** A folder of files, for the option `services` of a router. */
export interface StaticFilesService {
  /** `static files of ./site at /`. */
  readonly name: string;
  readonly routes: readonly {
    /** Returns undefined before the start, for a request outside the path, and if the file does not exist. */
    readonly answer: (request: FileRequest) => Promise<FileAnswer | undefined> | undefined;
  }[];
  /** @throws StaticFilesError if the folder does not exist or cannot be read */
  start(): Promise<void>;
}

/** A folder that cannot be served. The message is one plain sentence. */
export class StaticFilesError extends Error {
  override readonly name = 'StaticFilesError';
  readonly code = 'CLASP_ERR_STATIC_FILES' satisfies LibraryErrorCode;
}

/**
 * Serves the files of a folder on the port to which the clients connect, for example a page with faders. `index.html`
 * represents its folder. A GET can request one range of bytes. Links that leave the folder are not followed. Names that
 * start with a dot and files that are not regular are not served. Folders are not listed. docs/how-to/static-files.md
 * documents the answers. The folder is looked up when the router starts.
 *
 * @throws StaticFilesError if `at` is not a path, ArgumentError for an unknown option
 */
export function staticFiles(options: StaticFilesOptions): StaticFilesService {
  checkNames('staticFiles', options, ['folder', 'at']);
  const { folder, at = '/' } = options;
  if (!/^\/(?:.*\/)?$/.test(at)) throw new StaticFilesError(`at must start and end with a slash, not be "${at}"`);
  let root: string | undefined;
  const answer = (request: FileRequest): Promise<FileAnswer | undefined> | undefined => {
    const { method, path } = request;
    if (root === undefined || (method !== 'GET' && method !== 'HEAD') || !path.startsWith(at)) return undefined;
    const names = servedNames(path.slice(at.length));
    return names && answerPath(root, names, request);
  };
  return {
    name: `static files of ${folder} at ${at}`,
    routes: [{ answer }],
    async start() {
      root = await rootOf(folder);
    },
  };
}

async function rootOf(folder: string): Promise<string> {
  try {
    const root = await realpath(resolve(folder));
    await access(root, constants.R_OK | constants.X_OK);
    if ((await stat(root)).isDirectory()) return root;
  } catch {
    // the error below states the problem
  }
  throw new StaticFilesError(`cannot serve ${folder}: the folder does not exist or cannot be read`);
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
  // Without the slash, relative links of the page would resolve outside its folder.
  if (file === 'folder') return { status: 302, headers: { Location: `${request.path}/` } };
  const { body, ...answer } = answerFile(file, wanted, request);
  if (body === undefined) {
    await file.handle.close();
    return answer;
  }
  // Limits the stream to Content-Length, in case the file grows meanwhile.
  return { ...answer, body: createReadStream(wanted, { fd: file.handle, start: body.first, end: body.last }) };
}

/** Returns the answer with the requested bytes of the file. */
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
    // A client revalidates each time and gets the file only if it has changed: the page of a show must not be outdated.
    'Cache-Control': 'no-cache',
  };
  if (isUnmodified(headers, validators)) return { status: 304, headers: common };
  const type = withCharset(lookup(path) ?? 'application/octet-stream');
  // Range is defined for GET only.
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
