/** The router as an actor inside another actor system. */
export {
  type ClaspContext,
  type ClaspEnd,
  type ClaspInput,
  claspMachine,
  type ClaspRef,
  type ClaspSubscription,
  RestoreError,
} from './clasp-machine.js';
export type { ClaspCommand, ClaspEvent, ClaspParamEvent, ClaspRequest, ClaspSignalEvent } from './events.js';
export {
  type ClaspSignalEventOf,
  fromClasp,
  type FromClaspInput,
  type FromClaspOptions,
  type SignalSource,
} from './from-clasp.js';
