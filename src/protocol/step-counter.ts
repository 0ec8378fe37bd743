/**
 * Counts the work of a computation whose cost depends on a peer's input. The work can then be charged to the peer,
 * split into slices and bounded. A step is one comparison of two short strings, about 10 ns.
 */
export class StepCounter {
  steps = 0;
}
