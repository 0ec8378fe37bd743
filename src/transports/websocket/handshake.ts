import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { chooseSubprotocol } from './subprotocols.js';

/** A request to upgrade that is accepted. */
export interface AcceptedUpgrade {
  /** The bytes of the answer, in Latin-1. */
  readonly answer: string;
  /** The subprotocol in the answer, if any. */
  readonly subprotocol: string | undefined;
}

/** A request to upgrade that is not a valid WebSocket handshake. */
export interface InvalidUpgrade {
  readonly status: 400 | 405;
  /** For the peer and for the log. Contains no bytes of the peer. */
  readonly fault: string;
}

/** Appended to the key before it is hashed (RFC 6455, section 1.3). */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Base64 of 16 bytes. */
const validKey = /^[+/0-9A-Za-z]{22}==$/;
/** A token of RFC 9110, section 5.6.2. */
const validName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Version 8 differs in nothing that a server sees. */
export const SUPPORTED_VERSIONS = '13, 8';

/**
 * Answers the opening handshake (RFC 6455, section 4.2), with the same checks in the same order as `ws`. Extensions are
 * never accepted, so their offers are not read. The HTTP port has checked the host, the origin, and the size of the
 * request, and has removed empty and repeated subprotocols.
 */
export function answerUpgrade(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  allowClaspV2: boolean,
): AcceptedUpgrade | InvalidUpgrade {
  if (method !== 'GET') return { status: 405, fault: 'Invalid HTTP method' };
  if (headers.upgrade?.toLowerCase() !== 'websocket') return invalid('Invalid Upgrade header');
  const key = headers['sec-websocket-key'];
  if (key === undefined || !validKey.test(key)) return invalid('Missing or invalid Sec-WebSocket-Key header');
  const version = headers['sec-websocket-version'];
  if (version !== '13' && version !== '8') return invalid('Missing or invalid Sec-WebSocket-Version header');
  const offered = headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  if (!offered.every((name) => validName.test(name))) return invalid('Invalid Sec-WebSocket-Protocol header');
  const subprotocol = chooseSubprotocol(offered, allowClaspV2);
  return { answer: answerTo(key, subprotocol), subprotocol };
}

function invalid(fault: string): InvalidUpgrade {
  return { status: 400, fault };
}

function answerTo(key: string, subprotocol: string | undefined): string {
  const accept = hash('sha1', key + KEY_SUFFIX, 'base64');
  const chosen = subprotocol === undefined ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n${chosen}\r\n`
  );
}
