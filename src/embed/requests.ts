import { ArgumentError, checkNames, checkText, quoted } from '../util/arguments.js';
import { checkItem } from '../client/item-check.js';
import { didYouMean } from '../util/did-you-mean.js';
import type { ClaspCommand, ClaspRequest } from './events.js';

/** The fields of each request. */
const fields = {
  'clasp.set': ['type', 'address', 'value', 'options'],
  'clasp.emit': ['type', 'address', 'value', 'options'],
  'clasp.publish': ['type', 'signal'],
  'clasp.bundle': ['type', 'items', 'options'],
  'clasp.subscribe': ['type', 'pattern', 'options', 'id'],
  'clasp.unsubscribe': ['type', 'id'],
  'clasp.listen': ['type', 'transport'],
} as const satisfies Readonly<Record<ClaspRequest['type'], readonly string[]>>;

const commands: readonly ClaspCommand['type'][] = [
  ...(Object.keys(fields) as ClaspRequest['type'][]), // the keys of a constant
  'clasp.stop',
];

export function isRequest(event: { readonly type: string }): event is ClaspRequest {
  return Object.hasOwn(fields, event.type);
}

/**
 * Returns the error for an event whose type is not a command. Types of other events, such as those of XState, are
 * permitted: a parent can forward its events. So is `clasp.refused`, because forwarding it would never end.
 */
export function typeMistake({ type }: { readonly type: string }): ArgumentError | undefined {
  if (commands.some((command) => command === type) || type === 'clasp.refused' || type.startsWith('xstate.')) {
    return undefined;
  }
  const meant = commands.find((command) => command === `clasp.${type}`) ?? didYouMean(type, commands);
  if (meant === undefined && !type.startsWith('clasp.')) return undefined;
  const hint = meant === undefined ? `the events are ${commands.join(', ')}` : `did you mean "${meant}"?`;
  return new ArgumentError(`claspMachine takes no event ${quoted(type)}; ${hint}`);
}

/**
 * Validates the parts of a request that its calls do not validate.
 *
 * @throws ArgumentError for an unknown or invalid field
 */
export function checkRequest(request: ClaspRequest): void {
  checkNames(request.type, request, fields[request.type]);
  switch (request.type) {
    case 'clasp.publish':
      checkItem(request.signal);
      return;
    case 'clasp.subscribe':
      if (request.id !== undefined) checkText('the id of clasp.subscribe', request.id);
      return;
    case 'clasp.unsubscribe':
      checkText('the id of clasp.unsubscribe', request.id);
      return;
    case 'clasp.set':
    case 'clasp.emit':
    case 'clasp.bundle':
    case 'clasp.listen':
      return;
  }
}
