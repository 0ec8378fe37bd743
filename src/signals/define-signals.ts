import { check, checkFlag, checkNames, isObject } from '../util/arguments.js';
import { addressSegments, segmentsFault } from '../protocol/address.js';
import { signalTypes } from '../protocol/enumerations.js';
import type { SignalDefinition, SignalMeta } from '../protocol/messages/message.js';
import { type EncodedValue } from '../protocol/values/encoded-value.js';
import { encodePlain, type PlainValue } from '../client/plain-value.js';
import { PatternTree } from './pattern-tree.js';
import { type Declaration, declarationFields, type Declarations, kindsWithValue, type Sound } from './declaration.js';
import { DefinedSignal } from './defined-signal.js';
import { factsOf, type SchemaFacts } from './schema-facts.js';
import { Signals, type SignalsOptions } from './signals.js';
import { SignalsError } from './signals-error.js';

/**
 * Says once which signals there are, what they carry, and what that means: give the result to a router (`signals`), which then
 * refuses what does not fit and announces the rest, and to `typed()`, whose client knows the addresses and their types.
 *
 * ```ts
 * const signals = defineSignals({
 *   '/lights/:n/dim': { type: 'param', value: z.number().min(0).max(1) },
 *   '/cue/go': { type: 'event' },
 * });
 * ```
 *
 * A segment `:name` stands for any text without `/`. Where two definitions stand for the same address the more specific one
 * counts: `/lights/master/dim` goes ahead of `/lights/:n/dim`.
 *
 * @throws SignalsError about the first declaration that is wrong, or about two of which neither is the more specific one; ArgumentError for
 * arguments that are not objects, and for an unknown option
 */
export function defineSignals<const D extends Declarations>(
  declarations: D & Sound<D>,
  options: SignalsOptions = {},
): Signals<D> {
  check(isObject(declarations), 'the declarations of defineSignals', 'be an object', declarations);
  checkNames('defineSignals', options, ['strict']);
  checkFlag('strict', options.strict);
  const byAddress = new Map<string, DefinedSignal>();
  const tree = new PatternTree<DefinedSignal>();
  for (const [address, declaration] of Object.entries<Declaration>(declarations)) {
    const pattern = patternFor(address);
    const signal = definedSignal(address, pattern, declaration);
    for (const other of tree.meeting(pattern)) checkOrder(signal, other);
    byAddress.set(address, signal);
    tree.add(pattern, signal);
  }
  return new Signals(declarations, byAddress, tree, options);
}

function patternFor(address: string): string {
  const fault = address.includes('*') ? 'write :name for a segment that varies, not "*"' : segmentsFault(address);
  if (fault !== undefined) throw new SignalsError(`"${address}" is no address: ${fault}.`);
  const segments = addressSegments(address);
  if (segments.includes(':')) throw new SignalsError(`"${address}" is no address: a name has to follow ":".`);
  return `/${segments.map((segment) => (segment.startsWith(':') ? '*' : segment)).join('/')}`;
}

function definedSignal(address: string, pattern: string, declaration: Declaration): DefinedSignal {
  checkShape(address, declaration);
  const { type, value: schema } = declaration;
  const facts: SchemaFacts = schema === undefined ? { wantsBigints: false } : factsOf(schema);
  if (facts.fault !== undefined) throw new SignalsError(`The schema of "${address}" ${facts.fault}.`);
  const { datatype } = facts;
  const meta = metaOf(address, declaration, facts);
  const definition: SignalDefinition = { address: pattern, type, datatype, access: declaration.access, meta };
  return new DefinedSignal(address, definition, schema, facts);
}

/** What the compiler sees to, for those who have none. */
function checkShape(address: string, declaration: unknown): void {
  if (typeof declaration !== 'object' || declaration === null) {
    throw new SignalsError(`"${address}" needs an object that says what it is, such as { type: 'event' }.`);
  }
  const fields = new Map<string, unknown>(Object.entries(declaration));
  const stranger = [...fields.keys()].find((field) => !declarationFields.has(field));
  if (stranger !== undefined) {
    const known = [...declarationFields].join(', ');
    throw new SignalsError(`"${address}" has a field "${stranger}", which means nothing; there are ${known}.`);
  }
  const type = signalTypes.find((one) => one === fields.get('type'));
  if (type === undefined) throw new SignalsError(`The type of "${address}" is one of ${signalTypes.join(', ')}.`);
  const schema = fields.get('value');
  if (schema === undefined && kindsWithValue.has(type)) {
    throw new SignalsError(`"${address}" is a ${type}: its "value" says, as a zod schema, which values it has.`);
  }
  if (schema !== undefined && (typeof schema !== 'object' || schema === null || !('_zod' in schema))) {
    throw new SignalsError(`The value of "${address}" is no schema of zod 4.`);
  }
  for (const field of ['description', 'unit', 'access']) {
    const text = fields.get(field);
    if (text !== undefined && typeof text !== 'string')
      throw new SignalsError(`The ${field} of "${address}" is a text.`);
  }
}

function metaOf(address: string, declaration: Declaration, facts: SchemaFacts): SignalMeta | undefined {
  const { unit = facts.unit, description = facts.description } = declaration;
  const { range } = facts;
  const meta = { unit, range, default: defaultOf(address, facts), description };
  return Object.values(meta).some((field) => field !== undefined) ? meta : undefined;
}

function defaultOf(address: string, facts: SchemaFacts): EncodedValue | undefined {
  if (facts.default === undefined) return undefined;
  try {
    return encodePlain(facts.default as PlainValue); // which refuses what is none
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SignalsError(`The default of "${address}" cannot be sent: ${reason}.`, { cause: error });
  }
}

/** Two definitions with an address in common: one has to be the special case of the other. */
function checkOrder(one: DefinedSignal, other: DefinedSignal): void {
  const a = addressSegments(one.definition.address);
  const b = addressSegments(other.definition.address);
  const isWider = a.some((segment, i) => segment === '*' && b[i] !== '*');
  const isNarrower = a.some((segment, i) => segment !== '*' && b[i] === '*');
  if (isWider !== isNarrower) return;
  const both = `"${other.declaredAt}" and "${one.declaredAt}"`;
  if (!isWider) throw new SignalsError(`${both} stand for the same addresses; define them once.`);
  const shared = a.map((segment, i) => (segment === '*' ? b[i]! : segment)); // patterns that meet are of one length
  throw new SignalsError(
    `${both} both stand for "/${shared.join('/')}", and neither is the more specific one; rename one of them.`,
  );
}
