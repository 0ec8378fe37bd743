/** The router as an actor inside another actor system. */
export { type ClaspContext, type ClaspEnd, claspMachine, type ClaspRef } from './clasp-machine.js';
export type { ClaspInput, ClaspSubscription } from './clasp-input.js';
export type { ClaspCommand, ClaspEvent, ClaspParamEvent, ClaspRequest, ClaspSignalEvent } from './events.js';
export {
  type ClaspSignalEventOf,
  fromClasp,
  type FromClaspInput,
  type FromClaspOptions,
  type SignalSource,
} from './from-clasp.js';
export { RestoreError } from './persisted-router.js';
