/**
 * Decides which acknowledgments wait until a store has stored the write. The core knows cuts by their numbers only: the
 * store reports each with `RouterCore.settleCut`.
 */
export interface ReplyHold {
  /**
   * Called for every SET before it changes anything, also in bundles.
   *
   * @throws ClaspError 503 if the write must be stored and cannot be
   */
  check(address: string): void;
  /**
   * Called after a SET was applied.
   *
   * @returns the number of the cut that must be stored before the write is acknowledged; 0 = none. Never decreases,
   *   except to 0
   */
  cutFor(address: string): number;
}
