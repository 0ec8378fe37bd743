import type { Replies } from '../delivery/replies.js';
import type { RouterSession } from '../session.js';
import { dropNotice } from './policy.js';

/** Ends a turn in which a session lost messages: notifies its actor and sends it an ERROR, if a notice is due. */
export function reportDrops(session: RouterSession, nowMicros: number, replies: Replies): void {
  const drops = session.dropNotice.notice(nowMicros);
  if (drops === undefined || !session.established) return;
  const { bytes, messages, dropped } = session.sendQueue;
  session.notify({ type: 'messages.dropped', dropped, queuedBytes: bytes, queuedMessages: messages });
  replies.error(session, dropNotice(drops));
}
