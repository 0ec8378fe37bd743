// @ts-check

/**
 * Returns the element at an index that the caller keeps within the list.
 *
 * @template T
 * @param {readonly T[]} list
 * @param {number} index 0..list.length-1
 * @returns {T}
 * @throws {RangeError} if the list has no such element
 */
export function elementAt(list, index) {
  const element = list[index];
  if (element === undefined) throw new RangeError(`index ${index} is outside a list of ${list.length}`);
  return element;
}
