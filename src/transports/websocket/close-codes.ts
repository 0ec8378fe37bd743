import type { CloseReason } from '../../util/close-reason.js';
import { ConnectionLost } from '../transport.js';

/** Close codes of RFC 6455, section 7.4.1, and of the IANA registry (1013). */
export const closeCodes: Readonly<Record<CloseReason['kind'], number>> = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  policy: 1008,
  tooLarge: 1009,
  internal: 1011,
  overloaded: 1013,
};

/** Code that stands for a Close frame without a code. Never on the wire. */
export const NO_CLOSE_CODE = 1005;
/** Code that stands for the end of a connection without the peer's Close frame. Never on the wire. */
export const ABNORMAL_CLOSURE = 1006;

/** Whether a Close frame can have this code: RFC 6455, section 7.4, and the IANA registry up to 1014. */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** Shared: creating an error takes 2 µs, and nothing changes one. */
const noCloseFrame = new ConnectionLost('the connection ended without a Close frame');

/**
 * Returns why a connection with this close code was lost. Undefined if the peer left: with 1000, or with a Close frame
 * without a code. Browsers send 1001 by themselves when they suspend or discard a page, so 1001 is a loss like all other
 * codes. The peer's text is omitted: it must not reach the log.
 */
export function lossOf(code: number): ConnectionLost | undefined {
  if (code === closeCodes.normal || code === NO_CLOSE_CODE) return undefined;
  return code === ABNORMAL_CLOSURE ? noCloseFrame : new ConnectionLost(`the peer closed with code ${code}`);
}
