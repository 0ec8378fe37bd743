import { isCborMap } from '../../protocol/encodings/cbor.js';
import { isLegacyMap } from '../../protocol/encodings/legacy-msgpack.js';
import { DecodeError } from '../../protocol/errors.js';
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/frame.js';
import { headerLength, MAGIC } from '../../protocol/header.js';
import { helloCodec } from '../../protocol/messages/hello.js';
import type { HelloMessage } from '../../protocol/messages/message.js';
import { MAX_HELLO_BYTES, MIN_HELLO_BYTES } from './constants.js';
import { splitToken } from './cookie.js';

/** A received HELLO with its token split. */
export interface Hello {
  readonly frame: Frame<HelloMessage>;
  readonly cookie: string | undefined;
  /** The token without the cookie. */
  readonly token: string | undefined;
}

const HELLO = helloCodec.code;

/**
 * Returns the HELLO in a datagram, or undefined for any other content. The first bytes rule out nearly all other
 * content.
 */
export function readHello(datagram: Buffer): Hello | undefined {
  if (!mayBeHello(datagram)) return undefined;
  const frame = decode(datagram);
  if (frame === undefined || !isHello(frame)) return undefined;
  return { frame, ...splitToken(frame.message.token) };
}

/** Returns the frame as if it had no cookie. */
export function withoutCookie({ frame: { message, qos, timestamp, encoding }, token }: Hello): Uint8Array {
  return encodeFrame({ ...message, token }, { qos, timestamp, encoding: answerEncoding(encoding) });
}

/** Returns the encoding for answers. Peers that write the legacy form read the binary one. */
export function answerEncoding(encoding: Frame['encoding']): 'binary' | 'cbor' {
  return encoding === 'cbor' ? 'cbor' : 'binary';
}

/** Cheap checks first. A map is decoded only if it contains the word, which legacy clients write in capitals. */
function mayBeHello(datagram: Buffer): boolean {
  const { length } = datagram;
  if (length < MIN_HELLO_BYTES || length > MAX_HELLO_BYTES || datagram[0] !== MAGIC) return false;
  const first = datagram[headerLength(datagram[1]!)];
  if (first === HELLO) return true;
  if (first === undefined || !(isLegacyMap(first) || isCborMap(first))) return false;
  return datagram.includes('hello') || datagram.includes('HELLO');
}

function decode(datagram: Buffer): Frame | undefined {
  try {
    return decodeFrame(datagram);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}

function isHello(frame: Frame): frame is Frame<HelloMessage> {
  return frame.message.type === 'hello';
}
