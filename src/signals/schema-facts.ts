import { safeParse, toJSONSchema, type $ZodTypes, type JSONSchema } from 'zod/v4/core';
import type { ValueSchema } from './declaration.js';

/** Properties of a schema that are known without a value. */
export interface SchemaFacts {
  /** Why it is not usable for signals: the rest of a sentence that starts with the schema. */
  readonly fault?: string | undefined;
  /** Whether it requires bigints. */
  readonly wantsBigints: boolean;
  /** Maximum number of elements in its lists, if specified. */
  readonly maxItems?: number | undefined;
  /** One of the datatype names that the router checks announced values against; undefined for other types. */
  readonly datatype?: string | undefined;
  /** Minimum and maximum of its numbers, if it has both. */
  readonly range?: readonly [number, number] | undefined;
  readonly default?: unknown;
  readonly description?: string | undefined;
  /** `unit` of its `.meta()`. */
  readonly unit?: string | undefined;
}

/** Analyzes a schema including its parts. */
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

/** @returns the JSON schema, or a string with the reason of zod's exception */
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

/** Returns why a schema cannot validate CLASP values, or changes them. */
function faultOf(schema: $ZodTypes): string | undefined {
  const { def } = schema._zod;
  if ('coerce' in def && def.coerce) return 'coerces values, but values are sent unchanged: remove "coerce"';
  switch (def.type) {
    case 'transform':
    case 'pipe':
    case 'success':
      return 'changes values, but values are sent unchanged: remove transforms, pipes and codecs';
    case 'catch':
      return 'accepts every value: remove ".catch()"';
    case 'map':
      return 'requires a Map, but maps are plain objects here: use z.record() or z.object()';
    case 'date':
    case 'set':
    case 'symbol':
    case 'function':
    case 'file':
    case 'promise':
      return `requires a ${def.type}, which is not a CLASP value`;
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

/** Two to four numbers have a datatype name. */
function vectorOf({ prefixItems = [], items }: JSONSchema.BaseSchema): string | undefined {
  const hasRest = items !== undefined && items !== false;
  if (hasRest || prefixItems.length < 2 || prefixItems.length > 4) return undefined;
  return prefixItems.every((item) => isNumeric(item)) ? `vec${prefixItems.length}` : undefined;
}

/** Bounds of the number, or of all numbers of a list. */
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
  // z.int() always has these bounds, which are not specific to the signal.
  return min <= Number.MIN_SAFE_INTEGER || max >= Number.MAX_SAFE_INTEGER ? undefined : [min, max];
}

function isNumeric(json: JSONSchema._JSONSchema): json is JSONSchema.BaseSchema {
  return typeof json === 'object' && (json.type === 'number' || json.type === 'integer');
}
