import { Slice } from '../../src/core/scheduling/slice.js';
import { StepCounter } from '../../src/protocol/step-counter.js';

/** A slice with unlimited steps. */
export function wholeSlice(): Slice {
  const counter = new StepCounter();
  return new Slice(counter, counter).begin(Infinity);
}

/** Runs work in pieces to its end. @returns the steps of all pieces */
export function exhaust(pieces: Iterator<number, void>): number {
  let steps = 0;
  for (let piece = pieces.next(); piece.done !== true; piece = pieces.next()) steps += piece.value;
  return steps;
}
