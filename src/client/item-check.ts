import {
  ArgumentError,
  check,
  checkFlag,
  checkGiven,
  checkOneOf,
  checkText,
  checkU64,
  isObject,
  formatValue,
} from '../util/arguments.js';
import { gesturePhases, signalTypes } from '../protocol/enumerations.js';
import { definitionFault } from '../protocol/messages/definition-fault.js';
import type { BundleItem, DefinitionInput, TimelineInput } from './bundle-item.js';
import { wholeNumber } from './whole-number.js';

/**
 * Validates items for untyped programs, as the compiler does for typed ones. Addresses and values are validated when
 * they are encoded. Unknown fields are ignored, so a received signal is a valid item.
 *
 * @throws ArgumentError about the first invalid field
 */
export function checkItem(item: BundleItem): void {
  if (!isObject(item))
    throw new ArgumentError(`an item must be an object with a kind and an address, not ${formatValue(item)}`);
  switch (item.kind) {
    case 'param':
      checkU64('revision', item.revision);
      for (const flag of ['lock', 'unlock', 'absolute'] as const) checkFlag(flag, item[flag]);
      wholeNumber('ttlSeconds', item.ttlSeconds, 0x7fff_ffff); // the next bit is `absolute`
      return;
    case 'event':
      checkU64('timestamp', item.timestamp);
      return;
    case 'stream':
      checkU64('timestamp', item.timestamp);
      wholeNumber('rate', item.rate);
      return;
    case 'gesture':
      checkU64('timestamp', item.timestamp);
      checkGiven('id', 'be a whole number', item.id);
      wholeNumber('id', item.id);
      checkOneOf('phase', item.phase, gesturePhases);
      return;
    case 'timeline':
      checkU64('timestamp', item.timestamp);
      checkTimeline(item.timeline);
      return;
    default:
      checkOneOf('the kind of an item', (item as { readonly kind: unknown }).kind, signalTypes);
  }
}

function checkTimeline(timeline: TimelineInput): void {
  if (!isObject(timeline))
    throw new ArgumentError(`timeline must be an object with keyframes, not ${formatValue(timeline)}`);
  const { keyframes, loop, startTime, duration } = timeline;
  check(Array.isArray(keyframes), 'keyframes', 'be a list', keyframes);
  checkFlag('loop', loop);
  checkU64('startTime', startTime);
  checkU64('duration', duration);
  for (const frame of keyframes) {
    check(isObject(frame), 'each keyframe', 'be an object with time and value', frame);
    const { time, easing, bezier } = frame;
    checkGiven('the time of a keyframe', 'be a number of microseconds', time);
    checkU64('the time of a keyframe', time);
    if (easing !== undefined) checkText('the easing of a keyframe', easing);
    if (bezier !== undefined) check(isNumbers(bezier), 'the bezier of a keyframe', 'be a list of numbers', bezier);
  }
}

function isNumbers(list: unknown): boolean {
  return Array.isArray(list) && list.every((item) => typeof item === 'number');
}

/** @throws ArgumentError about the first invalid field; the default value is validated when it is encoded */
export function checkDefinition(definition: DefinitionInput): void {
  const fault = definitionFault(definition);
  if (fault !== undefined) throw new ArgumentError(`the definition of a signal is wrong: ${fault}`);
}
