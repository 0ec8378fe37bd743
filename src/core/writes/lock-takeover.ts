import type { RouterSession } from '../session.js';

/**
 * Whether a session can take over the lock of another one because it is the same client after a reconnect: token and
 * name are equal, and the holder has not answered a probe in time (`session/lock-holder-probes.ts`). Never on a router
 * without authentication, where any client can use the holder's name.
 */
export function mayTakeOver(session: RouterSession, holder: RouterSession): boolean {
  return holder.ignoredProbeMicros > holder.lastReceivedMicros && isSameClient(session, holder);
}

/** Properties that identify a client after a reconnect. */
export type ClientIdentity = Pick<RouterSession, 'grant' | 'name'>;

/** Whether token and name are equal. A client without a name equals no other one. */
export function isSameClient({ grant, name }: ClientIdentity, other: ClientIdentity): boolean {
  return grant !== undefined && name !== '' && grant.tokenId === other.grant?.tokenId && name === other.name;
}
