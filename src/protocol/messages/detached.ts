import type { Message, PublishMessage, SetMessage, SignalDefinition } from './message.js';

/**
 * Returns a message that can be kept. Decoded values are views into their frame, which is valid only in the current
 * turn of the event loop. The copy owns its bytes.
 */
export function detached(message: Message): Message {
  switch (message.type) {
    case 'set':
      return detachedSet(message);
    case 'publish':
      return detachedPublish(message);
    case 'bundle':
      return { ...message, messages: message.messages.map(detached) };
    case 'announce':
      return { ...message, meta: message.meta?.copy(), signals: message.signals.map(detachedDefinition) };
    case 'snapshot':
      return { ...message, params: message.params.map((entry) => ({ ...entry, value: entry.value.copy() })) };
    case 'result':
      return { ...message, signals: message.signals.map(detachedDefinition) };
    default:
      return message; // the other messages contain no values
  }
}

/** Like {@link detached}, for a SET. */
export function detachedSet(message: SetMessage): SetMessage {
  return { ...message, value: message.value.copy() };
}

/** Like {@link detached}, for a PUBLISH. Each field is written out, because a spread object takes twice the memory. */
export function detachedPublish(message: PublishMessage): PublishMessage {
  const { type, address, signal, value, samples, timestamp, id, phase, rate, timeline } = message;
  if (value === undefined && timeline === undefined) return message;
  return {
    type,
    address,
    signal,
    value: value?.copy(),
    samples,
    timestamp,
    id,
    phase,
    rate,
    timeline: timeline && {
      ...timeline,
      keyframes: timeline.keyframes.map((keyframe) => ({ ...keyframe, value: keyframe.value.copy() })),
    },
  } satisfies Record<keyof PublishMessage, unknown>;
}

/** Like {@link detached}, for a definition, which can have a default value. */
export function detachedDefinition(signal: SignalDefinition): SignalDefinition {
  const { meta } = signal;
  return meta?.default === undefined ? signal : { ...signal, meta: { ...meta, default: meta.default.copy() } };
}
