import { safeParse, toJSONSchema, type $ZodTypes, type JSONSchema } from 'zod/v4/core';
import type { ValueSchema } from './declaration.js';

/** What can be said of a schema without a value. */
export interface SchemaFacts {
  /** Why it is none for signals: the rest of a sentence that begins with the schema. */
  readonly fault?: string | undefined;
  /** Whether it asks for bigints. */
  readonly wantsBigints: boolean;
  /** How many elements its lists have at most, where it says. */
  readonly maxItems?: number | undefined;
  /** One of the names that the router checks announced values by; undefined for what has no such name. */
  readonly datatype?: string | undefined;
  /** Least and greatest of its numbers, where it bounds them on both sides. */
  readonly range?: readonly [number, number] | undefined;
  readonly default?: unknown;
  readonly description?: string | undefined;
  /** `unit` of its `.meta()`. */
  readonly unit?: string | undefined;
}

/** Looks through a schema, parts included. */
export function factsOf(schema: ValueSchema): SchemaFacts {
  const found = { faults: [] as string[], wantsBigints: false };
  const visit = ({ zodSchema }: { readonly zodSchema: $ZodTypes }): void => {
    const fault = faultOf(zodSchema);
    if (fault !== undefined) found.faults.push(fault);
    found.wantsBigints ||= isBigint(zodSchema);
  };
  const json = jsonSchemaOf(schema, visit);
  const { faults, wantsBigints } = found;
  const fault = typeof json === 'string' ? json : faults[0];
  if (typeof json === 'string' || fault !== undefined) return { fault, wantsBigints };
  const { unit, description } = json;
  return {
    wantsBigints,
    datatype: schema._zod.def.type === 'bigint' ? 'i64' : datatypeOf(json),
    maxItems: json.type === 'array' ? json.maxItems : undefined,
    range: rangeOf(json),
    default: safeParse(schema, undefined).data,
    description: typeof description === 'string' ? description : undefined,
    unit: typeof unit === 'string' ? unit : undefined,
  };
}

/** @returns a text that says why there is none, in place of what zod throws */
function jsonSchemaOf(
  schema: ValueSchema,
  override: (part: { readonly zodSchema: $ZodTypes }) => void,
): JSONSchema.BaseSchema | string {
  try {
    return toJSONSchema(schema, { unrepresentable: 'any', override });
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A schema that is for something else than judging CLASP values, or changes them. */
function faultOf(schema: $ZodTypes): string | undefined {
  const { def } = schema._zod;
  if ('coerce' in def && def.coerce) return 'coerces values, and only what is sent counts: leave "coerce" out';
  switch (def.type) {
    case 'transform':
    case 'pipe':
    case 'success':
      return 'changes values, and only what is sent counts: leave transforms, pipes and codecs out';
    case 'catch':
      return 'takes every value: leave ".catch()" out';
    case 'map':
      return 'asks for a Map, and maps are seen as plain objects: use z.record() or z.object()';
    case 'date':
    case 'set':
    case 'symbol':
    case 'function':
    case 'file':
    case 'promise':
      return `asks for a ${def.type}, which no CLASP value is`;
    default:
      return undefined;
  }
}

function isBigint({ _zod: { def } }: $ZodTypes): boolean {
  return def.type === 'bigint' || (def.type === 'literal' && def.values.some((value) => typeof value === 'bigint'));
}

function datatypeOf(json: JSONSchema.BaseSchema): string | undefined {
  switch (json.type) {
    case 'number':
      return 'f64';
    case 'integer':
      return 'i64';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'object':
      return 'map';
    case 'array':
      return vectorOf(json) ?? 'array';
    default:
      return undefined;
  }
}

/** Two to four numbers have a name of their own. */
function vectorOf({ prefixItems = [], items }: JSONSchema.BaseSchema): string | undefined {
  const hasRest = items !== undefined && items !== false;
  if (hasRest || prefixItems.length < 2 || prefixItems.length > 4) return undefined;
  return prefixItems.every((item) => isNumeric(item)) ? `vec${prefixItems.length}` : undefined;
}

/** Bounds of the number itself, or those that all numbers of a list have. */
function rangeOf(json: JSONSchema.BaseSchema): readonly [number, number] | undefined {
  if (json.type !== 'array') return boundsOf(json);
  const parts = [...(json.prefixItems ?? []), ...[json.items ?? []].flat()];
  const [first, ...others] = parts.map(boundsOf);
  return others.every((range) => range?.[0] === first?.[0] && range?.[1] === first?.[1]) ? first : undefined;
}

function boundsOf(json: JSONSchema._JSONSchema): readonly [number, number] | undefined {
  if (!isNumeric(json)) return undefined;
  const min = json.minimum ?? json.exclusiveMinimum;
  const max = json.maximum ?? json.exclusiveMaximum;
  if (typeof min !== 'number' || typeof max !== 'number') return undefined;
  // z.int() has these by itself, which says nothing about the signal.
  return min <= Number.MIN_SAFE_INTEGER || max >= Number.MAX_SAFE_INTEGER ? undefined : [min, max];
}

function isNumeric(json: JSONSchema._JSONSchema): json is JSONSchema.BaseSchema {
  return typeof json === 'object' && (json.type === 'number' || json.type === 'integer');
}
