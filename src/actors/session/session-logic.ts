import { sessionMachine } from './session-machine.js';
import { StepTable } from './step-table.js';

const steps = new StepTable(sessionMachine);

/**
 * The session machine with its everyday transitions from a {@link StepTable}. Its actors are actors of the machine for
 * parents, observers and inspectors.
 */
export const sessionLogic: typeof sessionMachine = Object.assign(
  // Invariant: the prototype has every member of the machine.
  Object.create(sessionMachine) as typeof sessionMachine,
  {
    getInitialSnapshot: steps.getInitialSnapshot.bind(steps) as typeof sessionMachine.getInitialSnapshot,
    transition: steps.transition.bind(steps) as typeof sessionMachine.transition,
  },
);
