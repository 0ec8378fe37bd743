/** Colors with a meaning, used everywhere on the page. A word always accompanies the color. */
export type Tone = 'good' | 'warning' | 'bad' | 'waiting' | 'past' | 'plain';

/** Words of states, in order of precedence. */
const tones: readonly (readonly [Tone, readonly string[]])[] = [
  ['bad', ['failed', 'error', 'backingoff']],
  ['warning', ['congested']],
  ['past', ['draining', 'leaving', 'closing', 'closed', 'stopped', 'done', 'ended']],
  ['waiting', ['connecting', 'awaitinghello', 'authenticating', 'binding']],
  ['good', ['active', 'listening', 'open', 'running']],
];

/**
 * Returns the tone of a state such as `active` or `open.listening`. @param status of the actor; `error` is bad in any
 * state
 */
export function toneOf(state: string, status?: string): Tone {
  if (status === 'error') return 'bad';
  const words = state.toLowerCase().split(/[^a-z]+/);
  return tones.find(([, names]) => words.some((word) => names.includes(word)))?.[0] ?? 'plain';
}

/** Returns the classes of an element with this tone. */
export function toneClass(tone: Tone): string {
  return `tone tone-${tone}`;
}
