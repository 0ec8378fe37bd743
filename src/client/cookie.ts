import type { ErrorMessage } from '../protocol/messages/message.js';

// A router on UDP does not know yet whether the sender of a HELLO is who it says it is (router.md 19.4). It answers with
//   ERROR, message `udp:` cookie
// and lets in who repeats HELLO with the token `udp:` cookie [space token].

const PREFIX = 'udp:';

/** The cookie an ERROR brings, prefix included; undefined for any other ERROR. */
export function cookieOf({ message }: ErrorMessage): string | undefined {
  return message.startsWith(PREFIX) && !message.includes(' ') ? message : undefined;
}

/** What HELLO says for a token. */
export function tokenWith(cookie: string | undefined, token: string | undefined): string | undefined {
  return cookie === undefined || token === undefined ? (cookie ?? token) : `${cookie} ${token}`;
}
