import type { Json } from '../feed.js';
import { isRecord } from './definition.js';
import type { Sanitize } from './port.js';

/**
 * A snapshot as the inspector wants it: of a machine status, value, tags, history and children in full, context, output and error
 * through `sanitize`; of everything else what its snapshot holds, through `sanitize`.
 */
export function shownSnapshot(snapshot: unknown, sanitize: Sanitize): Json {
  if (typeof snapshot !== 'object' || snapshot === null) return { status: 'active' }; // an actor that is just being made has none
  return isMachineSnapshot(snapshot) ? machineSnapshot(snapshot, sanitize) : plainSnapshot(snapshot, sanitize);
}

type StateValue = string | { readonly [state: string]: StateValue };

/** What the snapshots of all machines have, as far as it is shown. */
interface MachineSnapshot {
  readonly status: string;
  readonly value: StateValue;
  readonly tags: ReadonlySet<string>;
  readonly children: Readonly<Record<string, { readonly id: string } | undefined>>;
  /** Of each history state the nodes it would go back to. */
  readonly historyValue: Readonly<Record<string, readonly { readonly id: string }[]>>;
  readonly context: unknown;
  readonly output: unknown;
  readonly error: unknown;
}

/** Only they name the machine they are of. */
function isMachineSnapshot(snapshot: object): snapshot is MachineSnapshot {
  return 'machine' in snapshot && 'value' in snapshot && 'tags' in snapshot;
}

function machineSnapshot(snapshot: MachineSnapshot, sanitize: Sanitize): Json {
  const { status, value, tags, children, historyValue, context, output, error } = snapshot;
  const shown: Record<string, Json> = {
    ...record(sanitize(present({ context, output, error }))),
    status,
    value,
    tags: [...tags],
    // As XState writes actors and nodes.
    children: mapMembers(children, (child) => child && { xstate$$type: 1, id: child.id }),
    historyValue: mapMembers(historyValue, (nodes) => nodes.map(({ id }) => ({ id }))),
  };
  return shown;
}

function plainSnapshot(snapshot: object, sanitize: Sanitize): Json {
  const { status } = snapshot as { readonly status?: unknown }; // absent is undefined
  return { ...record(sanitize(present(snapshot))), ...(typeof status === 'string' && { status }) };
}

/** The members that are there, as JSON has it. */
function present(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

function record(json: Json): Readonly<Record<string, Json>> {
  return isRecord(json) ? json : {};
}

function mapMembers<T>(members: Readonly<Record<string, T>>, show: (member: T) => Json | undefined): Json {
  const shown: Record<string, Json> = {};
  for (const [key, member] of Object.entries(members)) {
    const json = show(member);
    if (json !== undefined) shown[key] = json;
  }
  return shown;
}
