import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import type { Chart, ChartEdge, ChartNode } from './feed.js';

type DirectedNode = ReturnType<typeof toDirectedGraph>;

/** Returns the chart of a machine: its states and transitions, with display names. */
export function chart(machine: AnyStateMachine): Chart {
  const root = toDirectedGraph(machine);
  const edges: ChartEdge[] = [];
  collect(root, edges);
  return { name: machine.id, root: nodeOf(root), edges };
}

function collect({ stateNode, edges, children }: DirectedNode, into: ChartEdge[]): void {
  for (const { id, source, target, transition } of edges) {
    into.push(edgeOf(id, source, target, transition));
  }
  // XState's graph omits eventless transitions.
  (stateNode.always ?? []).forEach((transition, index) => {
    for (const target of transition.target ?? [stateNode]) {
      into.push(edgeOf(`${stateNode.id}:always:${index}:${target.id}`, stateNode, target, transition));
    }
  });
  for (const child of children) collect(child, into);
}

function edgeOf(
  id: string,
  source: AnyStateNode,
  target: AnyStateNode,
  transition: AnyTransitionDefinition,
): ChartEdge {
  return {
    id,
    source: source.id,
    target: target.id,
    label: labelOf(transition),
    guard: transition.guard === undefined ? undefined : nameOf(transition.guard),
    actions: transition.actions.map(nameOf),
  };
}

function nodeOf({ stateNode, children }: DirectedNode): ChartNode {
  return {
    id: stateNode.id,
    key: stateNode.key,
    type: stateNode.type,
    isInitial: isInitial(stateNode),
    entry: stateNode.entry.map(nameOf).filter(isOurs),
    exit: stateNode.exit.map(nameOf).filter(isOurs),
    invokes: stateNode.invoke.map(({ src, id }) => (typeof src === 'string' ? src : id)),
    children: children.map(nodeOf),
  };
}

function isInitial(node: AnyStateNode): boolean {
  return node.parent?.type === 'compound' && node.parent.initial.target.some((target) => target === node);
}

/** `after helloDeadline`, `done: authenticate`, `error: bind`, `always`, or the event's own name. */
function labelOf(transition: AnyTransitionDefinition): string {
  const eventType = String(transition.eventType); // XState types it as any
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType);
  if (after !== null) return `after ${/^\d+$/.test(after[1]!) ? `${Number(after[1]) / 1_000} s` : after[1]!}`;
  const actor = /^xstate\.(done|error)\.actor\.(.*)$/.exec(eventType);
  if (actor !== null) return `${actor[1]!}: ${invokedName(transition.source, actor[2]!)}`;
  if (eventType.startsWith('xstate.done.state.')) return 'done';
  return eventType === '' ? 'always' : eventType;
}

/**
 * An actor that was invoked without an id has a generated one (`0.listener.binding`). The name of its logic is more
 * useful.
 */
function invokedName(state: AnyStateNode, id: string): string {
  const invoked = state.invoke.find((one) => one.id === id);
  return invoked !== undefined && typeof invoked.src === 'string' && /^\d+\./.test(id) ? invoked.src : id;
}

/** Excludes the actions with which XState starts and cancels `after` timers. */
function isOurs(action: string): boolean {
  return action !== 'raise' && action !== 'cancel';
}

/** Returns the name of an action or guard. Inline functions have none. */
function nameOf(thing: unknown): string {
  if (typeof thing === 'string') return thing;
  if (typeof thing === 'function') return thing.name === '' ? 'a function' : thing.name;
  const { type } = (thing ?? {}) as { readonly type?: unknown };
  return typeof type === 'string' ? type : 'a function';
}
