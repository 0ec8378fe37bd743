/** Reads and replaces stored states, without a router. */
export { mergedWith } from './combine-states.js';
export { type ListedState, listStates, stateFolder, stateNames } from './list-states.js';
export { contentAtLastCut, contentAtStart, readStored, type StateContent } from './read-stored.js';
export { type ReplacedState, replaceState } from './replace-state.js';
export { type VerifiedFile, verifyStore } from './verify-store.js';
