/**
 * Counts the work of a computation whose cost depends on what a peer sent, so that the work can be charged to the peer, cut into
 * slices and bounded. A step is one comparison of two short texts, some 10 ns.
 */
export class StepCounter {
  steps = 0;
}
