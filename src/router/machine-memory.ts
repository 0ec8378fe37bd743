import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { getHeapStatistics } from 'node:v8';

/** The memory of a machine, in bytes. */
export interface MachineMemory {
  readonly total: number;
  /** The limit of the container; 0 or more than `total` without a container limit. */
  readonly container: number;
  /** The limit of the JavaScript heap. */
  readonly heap: number;
}

function machineMemory(): MachineMemory {
  return { total: totalmem(), container: constrainedMemory(), heap: getHeapStatistics().heap_size_limit };
}

/**
 * Returns the default of `maxMemoryBytes`: a quarter of the memory of the machine or container, at most half of the
 * JavaScript heap, because most data of a router is in the heap.
 */
export function defaultMemoryBytes({ total, container, heap }: MachineMemory = machineMemory()): number {
  const memory = container > 0 ? Math.min(total, container) : total;
  return Math.floor(Math.min(memory / 4, heap / 2));
}
