import { Slice } from '../../src/core/scheduling/slice.js';
import { StepCounter } from '../../src/protocol/step-counter.js';

/** A slice in which everything has room. */
export function wholeSlice(): Slice {
  const counter = new StepCounter();
  return new Slice(counter, counter).begin(Infinity);
}

/** Does all pieces of something that is done in pieces. @returns their steps */
export function exhaust(pieces: Iterator<number, void>): number {
  let steps = 0;
  for (let piece = pieces.next(); piece.done !== true; piece = pieces.next()) steps += piece.value;
  return steps;
}
