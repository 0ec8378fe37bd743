import type { LibraryErrorCode } from '../util/library-errors.js';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { HttpPeer } from './http-peer.js';

/**
 * Additional content on an HTTP port: probes, metrics, a page. The routes of a port are called in order, and the first
 * answer is sent.
 */
export interface HttpRoute {
  /**
   * Answers a plain request, or returns undefined to pass it to the next route. An exception becomes a 500 without
   * details. If the answer takes longer than the port's `handshakeMs`, the connection is closed.
   */
  readonly answer?: (request: HttpRequest) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;
  /**
   * Returns true to take over a request to upgrade with its socket, false to pass it on unchanged. The origin was
   * checked, and no deadline applies any more. The route owns the socket from then on, and the port does not close it.
   * `handleUpgrade` of `ws` accepts the first three arguments. `peer` is the client: behind a trusted proxy it has the
   * client's own address, while `socket` has the address of the proxy.
   */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer, peer: HttpPeer) => boolean;
}

/** A plain request. Routes receive only these methods. */
export interface HttpRequest extends HttpPeer {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** The path as received, without the query: `/metrics`. Percent-encoding is not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /**
   * Reads the body.
   *
   * @throws BodyTooLarge beyond `MAX_BODY_BYTES`: let the exception pass, and the peer gets 413
   */
  readBody(): Promise<Uint8Array>;
}

export interface HttpAnswer {
  readonly status: number;
  /** The media type. @default 'text/plain; charset=utf-8' */
  readonly type?: string | undefined;
  /** Additional headers. They override the default ones (`Cache-Control: no-store` and others). */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * A stream, such as a file or server-sent events, is sent as it is produced, without a time limit. It is destroyed if
   * the peer disconnects, reads nothing for `STREAM_STALL_MS`, or the port closes. @default ''
   */
  readonly body?: string | Uint8Array | Readable | undefined;
}

/** Maximum bytes of a request's body. */
export const MAX_BODY_BYTES = 65_536;

/** Milliseconds after which a peer that reads nothing of a stream is disconnected. */
export const STREAM_STALL_MS = 30_000;

/** A body beyond `MAX_BODY_BYTES`. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  readonly code = 'CLASP_ERR_BODY_TOO_LARGE' satisfies LibraryErrorCode;

  constructor() {
    super(`the body is larger than ${MAX_BODY_BYTES} bytes`);
  }
}

/** Returns the request for routes, or undefined if routes do not handle it. */
export function routeRequest(request: IncomingMessage, peer: HttpPeer): HttpRequest | undefined {
  const { method, url = '', headers } = request;
  const { remoteAddress, isForwarded, isLocal } = peer;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return undefined;
  const target = targetOf(url);
  if (target === undefined) return undefined;
  const [path, query] = target;
  return {
    method,
    path,
    query: new URLSearchParams(query),
    headers,
    remoteAddress,
    isForwarded,
    isLocal,
    readBody: () => readBody(request),
  };
}

/** Returns path and query of `/path?query`, or of an absolute URL, which proxies send (RFC 9112, section 3.2.2). */
export function targetOf(url: string): readonly [path: string, query: string] | undefined {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '');
  if (target !== '' && !/^[/?]/.test(target)) return undefined; // `*`
  if (target === '' && url === '') return undefined;
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return [path === '' ? '/' : path, at < 0 ? '' : target.slice(at + 1)];
}

/** Reads by events: leaving a loop over the request early would destroy the connection, and the answer with it. */
function readBody(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
      reject(new BodyTooLarge()); // before any of it is sent
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      request.removeAllListeners('data').pause();
      reject(new BodyTooLarge());
    });
    request.once('end', () => {
      resolve(Buffer.concat(chunks));
    });
    request.once('close', () => {
      reject(new Error('the peer disconnected during its request')); // no effect if the request was complete
    });
    request.once('error', reject);
  });
}
