import type { ActorScope, SnapshotFrom } from 'xstate';
import type { SessionEnd, SessionEvent } from '../../core/session-events.js';
import type { SessionContext, sessionMachine } from './session-machine.js';

export type SessionMachine = typeof sessionMachine;
export type SessionSnapshot = SnapshotFrom<SessionMachine>;
export type SessionScope = ActorScope<SessionSnapshot, SessionEvent>;

type StateNode = SessionMachine['root'];
type Transition = ReturnType<SessionMachine['getTransitionData']>[number];

type ExecutableAction = Parameters<SessionScope['actionExecutor']>[0];

/** Arguments of XState for actions, and for functions that compute params or an output. */
export type StepArguments = Omit<ExecutableAction['info'], 'context'> & { readonly context: SessionContext };

/** Invariant: XState's type of `assign` permits nothing else. */
export type Assigner = (args: StepArguments & { readonly spawn: () => never }, params: unknown) => unknown;

/** The argument of `assign`: a function that returns the changed part of the context, or a function or value by key. */
export type Assignment = Assigner | readonly (readonly [key: string, value: unknown])[];

/** One action of a step: it changes the context (`assignment`) or has an effect (`exec`). */
export interface StepAction {
  readonly type: string;
  /** The params, or a function that computes them. */
  readonly params: unknown;
  readonly assignment: Assignment | undefined;
  readonly exec: ExecutableAction['exec'];
}

/** Effects of one event in one state. */
export interface Step {
  readonly transitions: Transition[];
  readonly actions: readonly StepAction[];
  /** A snapshot of the next state, without context; undefined if the state remains. */
  readonly target: SessionSnapshot | undefined;
  /** Computes the output if the next state is final. */
  readonly output: ((args: StepArguments) => SessionEnd) | undefined;
}

/**
 * Derives what the machine does for an event in a state. Undefined if that is more than a list of actions and the next
 * state: then the machine must make the transition itself.
 */
export function deriveStep(machine: SessionMachine, snapshot: SessionSnapshot, event: SessionEvent): Step | undefined {
  const source = machine.states[snapshot.value];
  if (!isPlain(machine.root) || source === undefined || !isPlain(source)) return undefined;
  const transitions = machine.getTransitionData(snapshot, event);
  const [transition] = transitions;
  if (transition === undefined) return { transitions, actions: [], target: undefined, output: undefined };
  const { target: targets = [], actions, reenter } = transition;
  const [target] = targets;
  if (transitions.length > 1 || targets.length > 1 || reenter || target === source) return undefined;
  return stepTo(machine, target, transitions, actions);
}

/** Derives the start of the machine: the entry to its initial state. Undefined if the machine must do it itself. */
export function deriveStart(machine: SessionMachine): Step | undefined {
  const { root } = machine;
  const [target] = root.initial.target;
  if (!isPlain(root) || root.entry.length > 0 || root.initial.actions.length > 0) return undefined;
  return target?.type === 'atomic' ? stepTo(machine, target, [], []) : undefined;
}

function stepTo(
  machine: SessionMachine,
  target: StateNode | undefined,
  transitions: Transition[],
  transitionActions: readonly unknown[],
): Step | undefined {
  if (target !== undefined && !isPlain(target)) return undefined;
  const actions = [...transitionActions, ...(target?.entry ?? [])].map((action) => actionOf(machine, action));
  if (!actions.every((action) => action !== undefined)) return undefined;
  const isFinal = target?.type === 'final';
  const { output } = machine.root;
  if (isFinal && typeof output !== 'function') return undefined;
  return {
    transitions,
    actions,
    target: target && templateOf(machine, target),
    output: isFinal ? (output as Step['output']) : undefined, // the machine declares the type of its output
  };
}

/** Returns a snapshot of a state. Its context is never read: each session has its own. */
function templateOf(machine: SessionMachine, { key, type }: StateNode): SessionSnapshot {
  const snapshot = machine.resolveState({ value: key, context: {} as SessionContext });
  if (type !== 'final') return snapshot;
  return { ...snapshot, _nodes: snapshot._nodes.toSorted((a, b) => b.order - a.order) }; // as XState leaves them
}

/**
 * Whether a state is a child of the root, or the root itself, and has nothing but transitions and entry actions: no
 * invoked actors, delays, guards, exit actions or parallel parts.
 */
function isPlain(node: StateNode): boolean {
  const { type, parent, always, invoke, after, exit, tags, transitions, machine } = node;
  const hasPlainType = node === machine.root ? type === 'compound' : type === 'atomic' || type === 'final';
  const hasPlainPlace = parent === undefined || parent === machine.root;
  const extras = [always ?? [], invoke, after, exit, tags];
  return (
    hasPlainType &&
    hasPlainPlace &&
    (parent === undefined || node.output === undefined) &&
    extras.every(({ length }) => length === 0) &&
    [...transitions.values()].flat().every(({ guard }) => guard === undefined)
  );
}

/** Returns undefined for built-in actions other than `assign`. */
function actionOf(machine: SessionMachine, named: unknown): StepAction | undefined {
  const action = typeof named === 'string' ? { type: named } : named;
  if (typeof action !== 'object' || action === null || !('type' in action)) return undefined;
  const { type } = action;
  if (typeof type !== 'string') return undefined;
  const implementation: unknown = Reflect.get(machine.implementations.actions, type);
  if (typeof implementation !== 'function') return undefined;
  const params = 'params' in action ? action.params : undefined;
  if (!('resolve' in implementation)) {
    // Invariant: XState calls the implementation of an action with these arguments.
    return { type, params, assignment: undefined, exec: implementation as StepAction['exec'] };
  }
  if (!('assignment' in implementation)) return undefined;
  const { assignment } = implementation;
  if (typeof assignment === 'function') return { type, params, assignment: assignment as Assigner, exec: undefined };
  return { type, params, assignment: Object.entries(assignment as object), exec: undefined };
}
