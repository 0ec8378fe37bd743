import type { OptionValues } from '../util/option.js';
import type { ChangeLog } from './change.js';
import type { ClockOffsets } from './clock-offsets.js';
import type { coreOptions } from './core-options.js';
import type { RoutingOptions } from './delivery/signal-router.js';
import type { InternalErrors } from './internal-errors.js';
import type { ParamWatch } from './param-watch.js';
import type { WatchToken } from './quotas/owner.js';
import type { Recorder } from './recorder.js';
import type { ReplyHold } from './reply-hold.js';
import type { ScheduledBundle } from './writes/scheduled-bundles.js';
import type { HooksOptions } from './writes/write-hooks.js';

export interface RouterCoreOptions extends OptionValues<typeof coreOptions>, HooksOptions, RoutingOptions {
  /** The value of `/$clasp/version`. */
  readonly version: string;
  /** Reads the router's monotonic clock, in microseconds. */
  readonly nowMicros: () => number;
  /** Offsets of other times from that clock; `nowMicros` updates them. @default all times are equal */
  readonly offsets?: ClockOffsets | undefined;
  /**
   * Starts to watch a token, so that `RouterCore.revoke` is called if it is revoked. @default no token is revoked
   */
  readonly watchToken?: WatchToken | undefined;
  /** Called for each scheduled bundle that was evicted. @default does nothing */
  readonly bundleDropped?: ((bundle: ScheduledBundle) => void) | undefined;
  /** Receives all inputs of the core. See `RouterCore.recorder`. @default none */
  readonly recorder?: Recorder | undefined;
  /** Sees every param of clients before it changes. @default none */
  readonly paramWatch?: ParamWatch | undefined;
  /** Decides which acknowledgments wait for a store. @default none */
  readonly replyHold?: ReplyHold | undefined;
  /** Logs of accepted changes. @default none */
  readonly changeLogs?: readonly ChangeLog[] | undefined;
  /** Receives internal errors of work other than messages. @default throws them */
  readonly internalErrors?: InternalErrors | undefined;
}
