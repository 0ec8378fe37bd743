/** The recent use of a session is halved every 2^16 µs, which is 65 ms. */
const HALF_LIFE_BITS = 16;

/** Use of the router by one session. */
export interface TurnUse {
  /** Number of the turn of {@link steps}. */
  serial: number;
  /** Steps used in that turn; Infinity if the session waits for a later one. */
  steps: number;
  /** Steps used recently, as of {@link halvings}. */
  recent: number;
  halvings: number;
}

export function turnUse(): TurnUse {
  return { serial: 0, steps: 0, recent: 0, halvings: 0 };
}

/** Returns the steps that a session used recently, mostly in the last 0.1 s. */
export function recentUse(turn: TurnUse, nowMicros: number): number {
  return turn.recent / 2 ** (halvingsAt(nowMicros) - turn.halvings);
}

/** Returns how often recent uses were halved until a time. */
export function halvingsAt(micros: number): number {
  return Math.floor(micros / 2 ** HALF_LIFE_BITS);
}
