import type { ErrorMessage } from '../protocol/messages/message.js';

// A router on UDP must validate the source address of a HELLO (router.md 19.4). It answers with
//   ERROR, message `udp:` cookie
// and accepts a HELLO with the token `udp:` cookie [space token].

const PREFIX = 'udp:';

/** Returns the cookie of an ERROR, prefix included, or undefined for any other ERROR. */
export function cookieOf({ message }: ErrorMessage): string | undefined {
  return message.startsWith(PREFIX) && !message.includes(' ') ? message : undefined;
}

/** Returns the token for HELLO. */
export function tokenWith(cookie: string | undefined, token: string | undefined): string | undefined {
  return cookie === undefined || token === undefined ? (cookie ?? token) : `${cookie} ${token}`;
}
