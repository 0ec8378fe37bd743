/** A snapshot of XState's, as far as it says what state its actor is in. */
interface SnapshotLike {
  readonly status?: string;
  /** Of a machine alone. */
  readonly value?: unknown;
  readonly context?: unknown;
  readonly error?: unknown;
  readonly output?: unknown;
  /** The active state nodes of a machine. */
  readonly _nodes?: readonly { readonly id: string }[];
}

/** What any actor's snapshot is, for whoever only looks. */
export function snapshotOf(snapshot: unknown): SnapshotLike {
  return typeof snapshot === 'object' && snapshot !== null ? snapshot : {};
}

/** The state in one word: `open.listening`, `draining.(doors.closing, sessions.leaving)`; of what is no machine its status. */
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

/** Ids of all state nodes that are active. */
export function activeNodes(snapshot: unknown): readonly string[] {
  return (snapshotOf(snapshot)._nodes ?? []).map(({ id }) => id);
}
