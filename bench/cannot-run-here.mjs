// @ts-check

/** This machine cannot run a case. The message is one sentence that says why, and what would help. */
export class CannotRunHere extends Error {}
