import { parseAddress } from '../protocol/address.js';
import type {
  BundleMessage,
  PublishMessage,
  SetMessage,
  SignalDefinition,
  Timeline,
} from '../protocol/messages/message.js';
import { valueFromTimeline } from '../protocol/timeline.js';
import { check } from '../util/arguments.js';
import type { BundleOptions } from './call-options.js';
import { encoded, encodePlain } from './plain-value.js';
import type { BundleItem, DefinitionInput, StreamContent, TimelineInput } from './bundle-item.js';
import { checkDefinition, checkItem } from './item-check.js';

/**
 * Returns the message for an item.
 *
 * @throws ClaspError 200 for an invalid address, EncodeError for an invalid value, ArgumentError for any other field
 */
export function messageOf(item: BundleItem): SetMessage | PublishMessage {
  checkItem(item);
  const address = parseAddress(item.address);
  switch (item.kind) {
    case 'param': {
      const { revision, lock, unlock, ttlSeconds, absolute } = item;
      return {
        type: 'set',
        address,
        value: encodePlain(item.value),
        revision,
        lock: lock === true ? true : undefined,
        unlock: unlock === true ? true : undefined,
        ttl: ttlSeconds,
        absolute: absolute === true && ttlSeconds !== undefined ? true : undefined,
      };
    }
    case 'event': {
      const value = item.value === undefined ? undefined : encodePlain(item.value);
      return { type: 'publish', signal: 'event', address, value, timestamp: item.timestamp };
    }
    case 'stream': {
      const { value, rate, timestamp } = item;
      const content = isSamples(value) ? { samples: [...value] } : { value: encodePlain(value) };
      return { type: 'publish', signal: 'stream', address, ...content, rate, timestamp };
    }
    case 'gesture': {
      const value = item.value === undefined ? undefined : encodePlain(item.value);
      const { id, phase, timestamp } = item;
      return { type: 'publish', signal: 'gesture', address, id, phase, value, timestamp };
    }
    case 'timeline': {
      const value = encodePlain(valueFromTimeline(timelineOf(item.timeline)));
      return { type: 'publish', signal: 'timeline', address, value, timestamp: item.timestamp };
    }
  }
}

/**
 * Returns the message for a bundle.
 *
 * @throws ArgumentError for a list or time of another type, and as {@link messageOf} does
 */
export function bundleOf(items: readonly BundleItem[], { at }: BundleOptions): BundleMessage {
  check(Array.isArray(items), 'the items of bundle', 'be a list', items);
  check(at === undefined || (typeof at === 'number' && at >= 0), 'at', 'be a number of microseconds', at);
  return { type: 'bundle', messages: items.map(messageOf), timestamp: at === undefined ? undefined : Math.round(at) };
}

/**
 * Returns the definition for an announcement. @throws EncodeError for an invalid default value, ArgumentError for any
 * other field
 */
export function definitionOf(input: DefinitionInput): SignalDefinition {
  checkDefinition(input);
  const { meta, ...definition } = input;
  if (meta === undefined) return definition;
  const { default: initial, ...others } = meta;
  return { ...definition, meta: initial === undefined ? others : { ...others, default: encoded(initial) } };
}

function timelineOf({ keyframes, ...timeline }: TimelineInput): Timeline {
  return { ...timeline, keyframes: keyframes.map((frame) => ({ ...frame, value: encoded(frame.value) })) };
}

function isSamples(content: StreamContent): content is Float32Array | Float64Array {
  return content instanceof Float32Array || content instanceof Float64Array;
}
