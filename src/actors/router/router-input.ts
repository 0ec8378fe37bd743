import type { sendBufferOptions } from '../../core/congestion/congestion-options.js';
import type { RestoredState } from '../../core/params/param-state.js';
import type { Authenticator, Logger } from '../../core/ports.js';
import type { RouterCoreOptions } from '../../core/router-core-options.js';
import type { Clock } from '../../util/clock.js';
import type { OptionValues } from '../../util/option.js';

/** Input of the router actor. */
export interface RouterInput
  extends
    OptionValues<typeof sendBufferOptions>,
    Omit<
      RouterCoreOptions,
      'nowMicros' | 'offsets' | 'reportFault' | 'watchToken' | 'bundleDropped' | 'internalErrors'
    > {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reports revoked tokens. @default no token is revoked */
  readonly authenticator?: Pick<Authenticator, 'onRevoked'> | undefined;
  /** Initial state, from an earlier router. @default empty */
  readonly state?: RestoredState | undefined;
  /** Runs a callback in a later turn of the event loop. @default setImmediate */
  readonly defer?: (callback: () => void) => void;
}
