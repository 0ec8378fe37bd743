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
 * Defines signals once: their addresses, values and descriptions. A router that gets the result as its option
 * `signals` announces the signals and rejects values that do not fit. A client from `typed()` knows the addresses
 * and their types.
 *
 * ```ts
 * const signals = defineSignals({
 *   '/lights/:n/dim': { type: 'param', value: z.number().min(0).max(1) },
 *   '/cue/go': { type: 'event' },
 * });
 * ```
 *
 * A segment `:name` stands for any characters without `/`. If two definitions cover the same address, the more specific
 * one applies: `/lights/master/dim` takes precedence over `/lights/:n/dim`.
 *
 * @throws SignalsError about the first invalid declaration, or about two of which neither is more specific;
 * ArgumentError for arguments that are not objects, and for an unknown option
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
  if (fault !== undefined) throw new SignalsError(`"${address}" is not an address: ${fault}.`);
  const segments = addressSegments(address);
  if (segments.includes(':')) throw new SignalsError(`"${address}" is not an address: a name must follow ":".`);
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

/** Validates declarations at run time, for untyped programs. */
function checkShape(address: string, declaration: unknown): void {
  if (typeof declaration !== 'object' || declaration === null) {
    throw new SignalsError(`"${address}" requires an object with a type, such as { type: 'event' }.`);
  }
  const fields = new Map<string, unknown>(Object.entries(declaration));
  const unknownField = [...fields.keys()].find((field) => !declarationFields.has(field));
  if (unknownField !== undefined) {
    const known = [...declarationFields].join(', ');
    throw new SignalsError(`"${address}" has an unknown field "${unknownField}"; the fields are ${known}.`);
  }
  const type = signalTypes.find((one) => one === fields.get('type'));
  if (type === undefined) throw new SignalsError(`The type of "${address}" must be one of ${signalTypes.join(', ')}.`);
  const schema = fields.get('value');
  if (schema === undefined && kindsWithValue.has(type)) {
    throw new SignalsError(`"${address}" is a ${type}: its "value" must be a zod schema.`);
  }
  if (schema !== undefined && (typeof schema !== 'object' || schema === null || !('_zod' in schema))) {
    throw new SignalsError(`The value of "${address}" is not a schema of zod 4.`);
  }
  for (const field of ['description', 'unit', 'access']) {
    const text = fields.get(field);
    if (text !== undefined && typeof text !== 'string')
      throw new SignalsError(`The ${field} of "${address}" must be a string.`);
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
    return encodePlain(facts.default as PlainValue); // which rejects an invalid value
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SignalsError(`The default of "${address}" cannot be sent: ${reason}.`, { cause: error });
  }
}

/** Two definitions with a common address: one must be a special case of the other. */
function checkOrder(one: DefinedSignal, other: DefinedSignal): void {
  const a = addressSegments(one.definition.address);
  const b = addressSegments(other.definition.address);
  const isWider = a.some((segment, i) => segment === '*' && b[i] !== '*');
  const isNarrower = a.some((segment, i) => segment !== '*' && b[i] === '*');
  if (isWider !== isNarrower) return;
  const both = `"${other.declaredAt}" and "${one.declaredAt}"`;
  if (!isWider) throw new SignalsError(`${both} cover the same addresses; define them once.`);
  // Invariant: overlapping patterns have the same length.
  const shared = a.map((segment, i) => (segment === '*' ? b[i]! : segment));
  throw new SignalsError(
    `${both} both cover "/${shared.join('/')}", and neither is more specific; rename one of them.`,
  );
}
