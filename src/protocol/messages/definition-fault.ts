import { segmentsFault } from '../address.js';
import { signalTypes } from '../enumerations.js';

/**
 * Returns what is wrong with a signal definition that no decoder checked, or undefined if it is valid. The default
 * value is not checked.
 */
export function definitionFault(definition: unknown): string | undefined {
  if (!isObject(definition)) return 'it is not an object with an address and a type';
  const { address, type, datatype, access, meta } = definition;
  if (typeof address !== 'string') return 'its address is not a string';
  const fault = segmentsFault(address);
  if (fault !== undefined) return `its address is invalid: ${fault}`;
  if (!signalTypes.some((one) => one === type)) return `its type is not one of ${signalTypes.join(', ')}`;
  if (!isText(datatype)) return 'its datatype is not a string';
  if (!isText(access)) return 'its access is not a string';
  return meta === undefined ? undefined : metaFault(meta);
}

function metaFault(meta: unknown): string | undefined {
  if (!isObject(meta)) return 'its meta is not an object';
  const { unit, range, description } = meta;
  if (!isText(unit)) return 'its unit is not a string';
  if (!isText(description)) return 'its description is not a string';
  if (range !== undefined && !isRange(range)) return 'its range is not a list of two numbers';
  return undefined;
}

function isRange(range: unknown): boolean {
  return Array.isArray(range) && range.length === 2 && range.every((limit) => typeof limit === 'number');
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
