/** The part of an XState snapshot that states the actor's state. */
interface SnapshotLike {
  readonly status?: string;
  /** Machines only. */
  readonly value?: unknown;
  readonly context?: unknown;
  readonly error?: unknown;
  readonly output?: unknown;
  /** The active state nodes of a machine. */
  readonly _nodes?: readonly { readonly id: string }[];
}

/** Returns the snapshot of any actor in a form to read. */
export function snapshotOf(snapshot: unknown): SnapshotLike {
  return typeof snapshot === 'object' && snapshot !== null ? snapshot : {};
}

/**
 * Returns the state as one word: `open.listening`, `draining.(doors.closing, sessions.leaving)`. For an actor that is
 * not a machine: its status.
 */
export function stateText(snapshot: unknown): string {
  const { value, status = 'unknown' } = snapshotOf(snapshot);
  return value === undefined ? status : textOf(value);
}

function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const regions = Object.entries(value).map(([name, below]) => {
    const inner = textOf(below);
    return inner === '' ? name : `${name}.${inner}`;
  });
  return regions.length === 1 ? regions[0]! : regions.length === 0 ? '' : `(${regions.join(', ')})`;
}

/** Returns the ids of all active state nodes. */
export function activeNodes(snapshot: unknown): readonly string[] {
  return (snapshotOf(snapshot)._nodes ?? []).map(({ id }) => id);
}
