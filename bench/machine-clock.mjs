// @ts-check

const TRIES = 20;
const offsetMicros = measure();

/**
 * Microseconds of the machine's monotonic clock: the same in all processes, so that one can time what another has sent.
 * Where it begins is the system's choice.
 */
export function machineMicros() {
  return performance.now() * 1000 + offsetMicros;
}

/** How far `performance.now`, which begins with the process, is behind the machine's: of several tries the least disturbed. */
function measure() {
  let offset = 0;
  let shortest = Infinity;
  for (let i = 0; i < TRIES; i++) {
    const before = performance.now() * 1000;
    const machine = Number(process.hrtime.bigint()) / 1000;
    const after = performance.now() * 1000;
    if (after - before >= shortest) continue;
    shortest = after - before;
    offset = machine - (before + after) / 2;
  }
  return offset;
}
