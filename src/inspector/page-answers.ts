import type { PageFile } from './page-files.js';

/** Path below which the page is served. */
export const BASE = '/inspect';

/** The part of an HTTP request that the inspector reads; see `HttpRoute` of the WebSocket transport. */
export interface PageRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly host?: string | undefined; readonly origin?: string | undefined } & Readonly<
    Record<string, string | string[] | undefined>
  >;
  readonly remoteAddress: string;
  /** Whether the request came from this computer. @default whether `remoteAddress` is a loopback address */
  readonly isLocal?: boolean;
}

export interface PageAnswer {
  readonly status: number;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

/** Elk starts a worker from a blob if it can. The policy denies that, and elk works without a worker. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
};

/** Answers a request that is not permitted. @param why the reason, for its reader */
export function answerRefusal(why: string): PageAnswer {
  return { status: 403, headers: HEADERS, body: `${why}\n` };
}

/** Answers a request for a file of the page. @param files by name; empty if the page is not built */
export function answerFile(files: ReadonlyMap<string, PageFile>, { method, path, headers }: PageRequest): PageAnswer {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, headers: { ...HEADERS, Allow: 'GET, HEAD' }, body: '' };
  if (path === BASE) return { status: 302, headers: { ...HEADERS, Location: `${BASE}/` }, body: '' };
  if (files.size === 0) return { status: 503, headers: HEADERS, body: 'the page is not built: run npm run build\n' };
  const file = files.get(path === `${BASE}/` ? 'index.html' : path.slice(BASE.length + 1));
  if (file === undefined) return { status: 404, headers: HEADERS, body: 'the file does not exist\n' };
  const cached = { ...HEADERS, ETag: file.etag, 'Cache-Control': 'no-cache' };
  if (headers['if-none-match'] === file.etag) return { status: 304, headers: cached, body: '' };
  return { status: 200, type: file.type, headers: cached, body: file.body };
}
