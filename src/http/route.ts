import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { HttpPeer } from './http-peer.js';

/**
 * Something else that is served on a port of ours: probes, metrics, a page. The routes of a port are asked one after the other,
 * and the first that answers wins.
 */
export interface HttpRoute {
  /**
   * Answers a plain request, or leaves it by giving undefined. What it throws becomes a 500 without details. One that takes longer
   * than the door's `handshakeMs` finds the peer cut off.
   */
  readonly answer?: (request: HttpRequest) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;
  /**
   * Takes over a request to upgrade, socket and all, by giving true; by giving false it leaves all as it is. The origin has been
   * looked at, no deadline runs any more, and whatever becomes of the socket is the route's business: `ws`'s own
   * `handleUpgrade` takes these three as they are. The door does not close it. `peer` is who makes the request: its own address behind
   * a trusted proxy, where `socket` has the address of the proxy.
   */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer, peer: HttpPeer) => boolean;
}

/** A plain request, with another method than these nothing gets to a route. */
export interface HttpRequest extends HttpPeer {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** As it came, without the query: `/metrics`. Percent signs are not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /**
   * Reads the body.
   *
   * @throws BodyTooLarge beyond `MAX_BODY_BYTES`: let it pass, the peer is told 413
   */
  readBody(): Promise<Uint8Array>;
}

export interface HttpAnswer {
  readonly status: number;
  /** The media type. @default 'text/plain; charset=utf-8' */
  readonly type?: string | undefined;
  /** Further headers; these win over the usual ones (`Cache-Control: no-store` and such). */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * A stream is sent as it comes, for as long as it does: a file, or server-sent events. It is destroyed when the peer goes, takes
   * nothing for `STREAM_STALL_MS`, or the door is shut. @default ''
   */
  readonly body?: string | Uint8Array | Readable | undefined;
}

/** Bytes of a request's body that are read. */
export const MAX_BODY_BYTES = 65_536;

/** Milliseconds after which a peer that takes nothing of a stream is cut off. */
export const STREAM_STALL_MS = 30_000;

/** A body beyond `MAX_BODY_BYTES`. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';
  constructor() {
    super(`the body is larger than ${MAX_BODY_BYTES} bytes`);
  }
}

/** What routes are asked; undefined for a request that is none of theirs. */
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

/** Path and query of `/path?query`, or of a whole URL, which proxies send (RFC 9112, section 3.2.2). */
export function targetOf(url: string): readonly [path: string, query: string] | undefined {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '');
  if (target !== '' && !/^[/?]/.test(target)) return undefined; // `*`
  if (target === '' && url === '') return undefined;
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  return [path === '' ? '/' : path, at < 0 ? '' : target.slice(at + 1)];
}

/** By events: a loop over the request that is left early would take the connection with it, and with that the answer. */
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
      reject(new Error('the peer left in the middle of its request')); // no longer of interest where it was whole
    });
    request.once('error', reject);
  });
}
