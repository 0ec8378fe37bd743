// @ts-check

/** The machine cannot run a case. The message is one sentence that states the reason and the fix. */
export class CannotRunHere extends Error {}
