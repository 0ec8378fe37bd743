import type { EventObject } from 'xstate';
import type { SessionEvent } from '../../core/session-events.js';
import {
  type Assigner,
  type Assignment,
  deriveStart,
  deriveStep,
  type SessionMachine,
  type SessionScope,
  type SessionSnapshot,
  type Step,
  type StepArguments,
} from './derived-step.js';
import type { SessionContext, SessionInput } from './session-machine.js';

/**
 * The transitions of the session machine as a table from state and event to a list of actions. For each event, XState
 * searches the transitions, their domains, and the states to exit and to enter. This table contains the results of that
 * search: they depend on the state and the type of the event only.
 *
 * A row is derived from the machine when it is first used. It has the same effects: the same actions in the same order,
 * equal snapshots, and equal inspection events. Where {@link deriveStep} finds no row, the machine makes the transition.
 */
export class StepTable {
  readonly #machine: SessionMachine;
  readonly #start: Step | undefined;
  /** Rows by state and type of event. Both are names in the code, so there are few. */
  readonly #rows = new Map<string, Map<string, Step | undefined>>();

  constructor(machine: SessionMachine) {
    this.#machine = machine;
    this.#start = deriveStart(machine);
  }

  getInitialSnapshot(scope: SessionScope, input: SessionInput): SessionSnapshot {
    const { context } = this.#machine.config;
    const start = this.#start;
    if (start?.target === undefined || typeof context !== 'function') {
      return this.#machine.getInitialSnapshot(scope, input);
    }
    const { self } = scope;
    const initial = { ...start.target, context: (context as Creator)({ input, self, spawn: mayNotSpawn }) };
    return run(start, initial, { type: 'xstate.init', input } as EventObject, scope);
  }

  transition(snapshot: SessionSnapshot, event: SessionEvent, scope: SessionScope): SessionSnapshot {
    const step = this.stepOf(snapshot, event);
    if (step === undefined) return this.#machine.transition(snapshot, event, scope);
    const next = run(step, snapshot, event, scope);
    inspectMicrostep(step, next, event, scope);
    return next;
  }

  /** Returns the row of an event in a state; undefined if the machine must make the transition. */
  stepOf(snapshot: SessionSnapshot, event: SessionEvent): Step | undefined {
    const { value, status } = snapshot;
    // XState's own events stop an actor, or report the end of an invoked one.
    if (status !== 'active' || event.type.startsWith('xstate.')) return undefined;
    let rows = this.#rows.get(value);
    if (rows === undefined) this.#rows.set(value, (rows = new Map<string, Step | undefined>()));
    const known = rows.get(event.type);
    if (known !== undefined || rows.has(event.type)) return known;
    const step = deriveStep(this.#machine, snapshot, event);
    rows.set(event.type, step);
    return step;
  }
}

function run(step: Step, snapshot: SessionSnapshot, event: EventObject, scope: SessionScope): SessionSnapshot {
  const { self, system } = argumentsOf(scope);
  let { context } = snapshot;
  for (const { type, params: given, assignment, exec } of step.actions) {
    const info = { context, event, self, system };
    const params = typeof given === 'function' ? (given as ParamsOf)(info) : given;
    if (assignment === undefined) scope.actionExecutor({ type, info, params: params, exec });
    else context = updated(info, assignment, params);
  }
  const { target, output } = step;
  if (target === undefined) return context === snapshot.context ? snapshot : { ...snapshot, context };
  const next = { ...target, context, children: snapshot.children };
  if (output === undefined) return next;
  const done = { type: `xstate.done.state.session.${target.value}` };
  return { ...next, output: output({ context, event: done, self, system }) } as SessionSnapshot; // its status is `done`
}

/** Returns the scope as the type that XState declares for actions. Its actor is one of the session machine. */
function argumentsOf(scope: SessionScope): Pick<StepArguments, 'self' | 'system'> {
  return scope as unknown as Pick<StepArguments, 'self' | 'system'>;
}

/** Invariant: XState calls the function that creates a context with these arguments. */
type Creator = (args: {
  readonly input: SessionInput;
  readonly self: SessionScope['self'];
  readonly spawn: typeof mayNotSpawn;
}) => SessionContext;
/** Invariant: XState calls params with the context and the event. */
type ParamsOf = (args: StepArguments) => unknown;
/** Returns the context after an assignment. */
function updated(info: StepArguments, assignment: Assignment, params: unknown): SessionContext {
  const { context, event, self, system } = info;
  const args = { context, event, self, system, spawn: mayNotSpawn };
  if (typeof assignment === 'function') return { ...context, ...(assignment(args, params) as Partial<SessionContext>) };
  const next: Record<string, unknown> = { ...context };
  for (const [key, value] of assignment) {
    next[key] = typeof value === 'function' ? (value as Assigner)(args, params) : value;
  }
  return next as unknown as SessionContext; // the machine declares the types of its assignments
}

function mayNotSpawn(): never {
  throw new Error('an action of a session must not spawn an actor');
}

/**
 * Reports a step to inspectors, as the machine does. XState does not declare this method. Without an
 * inspector it returns at once.
 */
function inspectMicrostep(
  { transitions }: Step,
  snapshot: SessionSnapshot,
  event: EventObject,
  scope: SessionScope,
): void {
  const { system, self } = scope;
  (system as Inspected)._sendInspectionEvent?.({
    type: '@xstate.microstep',
    actorRef: self,
    event,
    snapshot,
    _transitions: transitions,
  });
}

interface Inspected {
  readonly _sendInspectionEvent?: (event: object) => void;
}
