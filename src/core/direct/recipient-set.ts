import type { LogMask } from '../change.js';
import type { RecipientGroup } from '../subscriptions/recipient-group.js';

/** The recipients of all addresses with equal ones. It holds no session after a subscription has changed. */
export interface RecipientSet {
  readonly groups: readonly RecipientGroup[];
  /** The change logs that want the messages. */
  readonly logs: LogMask;
  /** Whether bytes can be sent to all of them unchanged and at once: none is paced, and all use compact binary. */
  readonly isDirect: boolean;
  readonly isStale: boolean;
}

/** The initial set of an address. */
export const unresolved: RecipientSet = { groups: [], logs: 0, isDirect: false, isStale: true };
