/** The colours that mean something, the same everywhere on the page; beside each stands its word. */
export type Tone = 'good' | 'warning' | 'bad' | 'waiting' | 'past' | 'plain';

/** Words of a state, the strongest first. */
const tones: readonly (readonly [Tone, readonly string[]])[] = [
  ['bad', ['failed', 'error', 'backingoff']],
  ['warning', ['congested']],
  ['past', ['draining', 'leaving', 'closing', 'closed', 'stopped', 'done', 'gone']],
  ['waiting', ['connecting', 'awaitinghello', 'authenticating', 'binding']],
  ['good', ['active', 'listening', 'open', 'running']],
];

/** The tone of a state such as `active` or `open.listening`. @param status of its actor; one that failed is bad in any state */
export function toneOf(state: string, status?: string): Tone {
  if (status === 'error') return 'bad';
  const words = state.toLowerCase().split(/[^a-z]+/);
  return tones.find(([, names]) => words.some((word) => names.includes(word)))?.[0] ?? 'plain';
}

/** The classes of an element of this tone. */
export function toneClass(tone: Tone): string {
  return `tone tone-${tone}`;
}
