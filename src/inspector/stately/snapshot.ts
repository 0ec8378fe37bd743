import type { Json } from '../feed.js';
import { isRecord } from './definition.js';
import type { Sanitize } from './port.js';

/**
 * Returns a snapshot in the Stately inspector's form. For a machine, status, value, tags, history and children are
 * complete; context, output and error pass through `sanitize`. For other actors, the whole snapshot passes through
 * `sanitize`.
 */
export function shownSnapshot(snapshot: unknown, sanitize: Sanitize): Json {
  // an actor that is starting has no snapshot
  if (typeof snapshot !== 'object' || snapshot === null) return { status: 'active' };
  return isMachineSnapshot(snapshot) ? machineSnapshot(snapshot, sanitize) : plainSnapshot(snapshot, sanitize);
}

type StateValue = string | { readonly [state: string]: StateValue };

/** The members of machine snapshots that are shown. */
interface MachineSnapshot {
  readonly status: string;
  readonly value: StateValue;
  readonly tags: ReadonlySet<string>;
  readonly children: Readonly<Record<string, { readonly id: string } | undefined>>;
  /** For each history state, the nodes that it restores. */
  readonly historyValue: Readonly<Record<string, readonly { readonly id: string }[]>>;
  readonly context: unknown;
  readonly output: unknown;
  readonly error: unknown;
}

/** Only machine snapshots reference their machine. */
function isMachineSnapshot(snapshot: object): snapshot is MachineSnapshot {
  return 'machine' in snapshot && 'value' in snapshot && 'tags' in snapshot;
}

function machineSnapshot(snapshot: MachineSnapshot, sanitize: Sanitize): Json {
  const { status, value, tags, children, historyValue, context, output, error } = snapshot;
  const result: Record<string, Json> = {
    ...record(sanitize(present({ context, output, error }))),
    status,
    value,
    tags: [...tags],
    // In XState's own JSON form of actors and nodes.
    children: mapMembers(children, (child) => child && { xstate$$type: 1, id: child.id }),
    historyValue: mapMembers(historyValue, (nodes) => nodes.map(({ id }) => ({ id }))),
  };
  return result;
}

function plainSnapshot(snapshot: object, sanitize: Sanitize): Json {
  const { status } = snapshot as { readonly status?: unknown }; // undefined if absent
  return { ...record(sanitize(present(snapshot))), ...(typeof status === 'string' && { status }) };
}

/** Removes undefined members, as JSON does. */
function present(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function record(json: Json): Readonly<Record<string, Json>> {
  return isRecord(json) ? json : {};
}

function mapMembers<T>(members: Readonly<Record<string, T>>, show: (member: T) => Json | undefined): Json {
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(members)) {
    const json = show(member);
    if (json !== undefined) result[key] = json;
  }
  return result;
}
