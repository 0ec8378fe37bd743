import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { getHeapStatistics } from 'node:v8';

/** What a machine offers, in bytes. */
export interface MachineMemory {
  readonly total: number;
  /** The limit of the container; 0 or more than `total` if there is none. */
  readonly container: number;
  /** The limit of the JavaScript heap. */
  readonly heap: number;
}

function machineMemory(): MachineMemory {
  return { total: totalmem(), container: constrainedMemory(), heap: getHeapStatistics().heap_size_limit };
}

/**
 * The default of `maxMemoryBytes`: a quarter of the memory of the machine or of its container, and at most half of the JavaScript heap,
 * because most of what a router keeps is there.
 */
export function defaultMemoryBytes({ total, container, heap }: MachineMemory = machineMemory()): number {
  const memory = container > 0 ? Math.min(total, container) : total;
  return Math.floor(Math.min(memory / 4, heap / 2));
}

/**
 * The share of `maxMemoryBytes` that each kind of thing may use if its own option does not say otherwise. What is left of the budget is
 * for sessions: their sockets, their buffers and their actors.
 */
export const memoryShares = {
  maxParamBytes: 1 / 2,
  maxPacedBytes: 1 / 16,
  maxTimelineBytes: 1 / 64,
} as const;
