import { parseAddress } from '../../protocol/address.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { SetMessage } from '../../protocol/messages/message.js';
import type { U64 } from '../../protocol/u64.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import { lastWriteWins, type Reconcile } from '../params/conflict-strategies.js';
import { mayTakeOver } from './lock-takeover.js';
import type { RouterSession } from '../session.js';
import { checkSetSize } from '../size-limits.js';
import { isSystemAddress, systemAddressRefused } from '../system/system-addresses.js';

/** State of a param after the writes planned so far. A stored param satisfies it. */
export interface ProjectedParam {
  readonly revision: number;
  readonly value: EncodedValue;
  readonly holder: RouterSession | undefined;
  readonly reconcile: Reconcile;
}

/**
 * Validates a SET before any change (router.md 6).
 *
 * @param before the param as the SET will find it; undefined if it does not exist
 * @returns the value to store
 */
export function acceptSet(
  session: RouterSession,
  message: SetMessage,
  before: ProjectedParam | undefined,
): EncodedValue {
  const { address, value, revision } = message;
  if (before === undefined) {
    parseAddress(address); // the address of an existing param was validated before
    if (isSystemAddress(address)) throw systemAddressRefused(address);
  }
  checkSetSize(address, value);
  if (before === undefined) return value; // an expected revision of a new param is ignored
  if (revision !== undefined) checkRevision(address, revision, before.revision);
  checkLock(session, before, message);
  if (before.reconcile === lastWriteWins) return value; // the usual case, without decoding
  const reconciled = before.reconcile(before.value, value);
  if (reconciled === undefined) {
    throw new ClaspError(ErrorCode.RevisionConflict, 'Update rejected by conflict strategy', { address });
  }
  if (reconciled !== value) checkSetSize(address, reconciled);
  return reconciled;
}

/** Only the holder can unlock. Otherwise unlocking would bypass the lock. @throws ClaspError 401 */
export function checkLock(
  session: RouterSession,
  { holder }: Pick<ProjectedParam, 'holder'>,
  message: SetMessage,
): void {
  if (holder === undefined || holder === session || mayPass(session, holder, message)) return;
  throw new ClaspError(ErrorCode.LockHeld, 'Parameter is locked', { address: message.address });
}

/** Whether a SET can pass the lock of another session. */
function mayPass(session: RouterSession, holder: RouterSession, message: SetMessage): boolean {
  return mayBreak(session, message) || mayTakeOver(session, holder);
}

/** Breaking a lock requires `unlock` and an `admin` scope. On a router without authentication, no session has one. */
function mayBreak({ permissions }: RouterSession, { address, unlock }: SetMessage): boolean {
  return unlock === true && !permissions.isUnrestricted && permissions.allows('admin', address);
}

function checkRevision(address: string, expected: U64, current: number): void {
  if (expected === current) return;
  throw new ClaspError(
    ErrorCode.RevisionConflict,
    `Revision conflict: expected ${expected.toString()}, got ${current}`,
    { address },
  );
}
