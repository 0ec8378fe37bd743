/** The router as an actor inside another actor system, and its actors for tools that observe them. */

export type { ClaspContext, ClaspEnd } from './clasp-lifecycle.js';
export { claspMachine, type ClaspRef } from './clasp-machine.js';
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
export type { RouterStatistics } from '../router/router-statistics.js';
export { rootInput } from '../router/composition.js';
export { parseRouterOptions, type ResolvedRouterOptions } from '../router/options.js';
export { routerLogic } from '../router/router-actor.js';
export { type RootEnd, type RootEvent, type RootInput, rootMachine } from '../actors/root/root-machine.js';
export type { RouterActorEvent } from '../actors/router/router-actor-events.js';
export type { PersistedRouterSnapshot, RouterSnapshot } from '../actors/router/router-snapshot.js';
export type { SessionHubEmitted, SessionHubSnapshot } from '../actors/session/session-hub-types.js';
export { sessionMachine } from '../actors/session/session-machine.js';
export { listenerMachine } from '../actors/listener/listener-machine.js';
export { type ParamState } from '../core/params/stored-param.js';
export { RouterStateError } from '../core/params/param-state.js';
export type { SessionEnd, SessionEvent, SessionPhase } from '../core/session-events.js';
