/** Reads and replaces stored states, without a router. */
export { type ListedState, listStates, stateFolder, stateNames } from './list-states.js';
export { contentAtLastCut, readStored, type StateContent } from './read-stored.js';
export { type ByteRange, type VerifiedFile, verifyStore } from './verify-store.js';
