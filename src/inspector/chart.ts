import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { toDirectedGraph } from 'xstate/graph';
import type { Chart, ChartEdge, ChartNode } from './feed.js';

type DirectedNode = ReturnType<typeof toDirectedGraph>;

/** A machine as it is drawn: its states and the ways between them, with what people call things. */
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
  // XState's graph leaves these out.
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
  const eventType = String(transition.eventType); // XState types it as anything
  const after = /^xstate\.after\.([^.]+)\./.exec(eventType);
  if (after !== null) return `after ${/^\d+$/.test(after[1]!) ? `${Number(after[1]) / 1_000} s` : after[1]!}`;
  const actor = /^xstate\.(done|error)\.actor\.(.*)$/.exec(eventType);
  if (actor !== null) return `${actor[1]!}: ${invokedName(transition.source, actor[2]!)}`;
  if (eventType.startsWith('xstate.done.state.')) return 'done';
  return eventType === '' ? 'always' : eventType;
}

/** An actor that was invoked without an id has one from XState, `0.listener.binding`, that says nothing: what it runs does. */
function invokedName(state: AnyStateNode, id: string): string {
  const invoked = state.invoke.find((one) => one.id === id);
  return invoked !== undefined && typeof invoked.src === 'string' && /^\d+\./.test(id) ? invoked.src : id;
}

/** Not what XState does by itself to begin and to end the time of an `after`. */
function isOurs(action: string): boolean {
  return action !== 'raise' && action !== 'cancel';
}

/** Actions and guards are named, unless somebody wrote them where they are used. */
function nameOf(thing: unknown): string {
  if (typeof thing === 'string') return thing;
  if (typeof thing === 'function') return thing.name === '' ? 'a function' : thing.name;
  const { type } = (thing ?? {}) as { readonly type?: unknown };
  return typeof type === 'string' ? type : 'a function';
}
