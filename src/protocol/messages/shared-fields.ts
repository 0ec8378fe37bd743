import { knownNames, listOf, noMatch, oneOf, optional, orEmpty, type Field } from '../encodings/fields.js';
import { features, type SignalType, signalTypes } from '../enumerations.js';

/** Features in HELLO and WELCOME. */
export const featureNames = orEmpty(knownNames(features), () => []);

/** Signal types in SUBSCRIBE and REPLAY. An empty filter means no filter (wire.md 7.3). */
const typeNames = listOf(oneOf(signalTypes));
export const typeFilter: Field<readonly SignalType[] | undefined> = {
  ...optional(typeNames),
  read: (node, reading) => {
    const types = typeNames.read(node, reading);
    return types !== noMatch && types.length === 0 ? undefined : types;
  },
};
