import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { MAX_REASON_BYTES } from '../../util/close-reason.js';
import { ConnectionLost } from '../transport.js';
import { quicCloseCodes } from './constants.js';
import type { QuicEnd } from './provider.js';

export const ENDED_WITHOUT_CLOSE = 'the peer ended its stream without a close message';

/** Returns the loss that the end of a QUIC connection means. Without a CLASP close message, the code 0 is one too. */
export function faultOf(end: QuicEnd): ConnectionLost {
  if (end.kind === 'lost') return new ConnectionLost(`the peer is gone: ${clipUtf8(end.text, MAX_REASON_BYTES)}`);
  if (end.code === quicCloseCodes.normal) {
    return new ConnectionLost('the peer closed the connection without a close message');
  }
  const text = end.text === '' ? '' : `: ${clipUtf8(end.text, MAX_REASON_BYTES)}`;
  return new ConnectionLost(`the peer cut the connection with code ${end.code}${text}`);
}
