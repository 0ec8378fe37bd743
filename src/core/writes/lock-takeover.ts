import type { RouterSession } from '../session.js';

/**
 * Whether a session may have the lock of another one because it is the same client after a reconnect: the token and the name are
 * equal, and the holder has not answered a probe in time (`session/lock-holder-probes.ts`). Never on an open router, where
 * anything can call itself like the holder.
 */
export function mayTakeOver(session: RouterSession, holder: RouterSession): boolean {
  return holder.ignoredProbeMicros > holder.lastReceivedMicros && isSameClient(session, holder);
}

/** By what a client is known again after a reconnect. */
export type ClientIdentity = Pick<RouterSession, 'grant' | 'name'>;

/** Whether token and name are equal. A client without a name is the same as no other one. */
export function isSameClient({ grant, name }: ClientIdentity, other: ClientIdentity): boolean {
  return grant !== undefined && name !== '' && grant.tokenId === other.grant?.tokenId && name === other.name;
}
