import type { Message, PublishMessage, SetMessage, SignalDefinition } from './message.js';

/**
 * A message to keep. Values out of a decoder are views into the frame they came in, which is gone with the turn of the event
 * loop in which it was read; the copy's are its own.
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
      return message; // the others hold no values
  }
}

/** The same for a SET. */
export function detachedSet(message: SetMessage): SetMessage {
  return { ...message, value: message.value.copy() };
}

/** The same for a message that passes through. Every field is written out: spread, the object takes twice the memory. */
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

/** The same for a definition, which may have a default value. */
export function detachedDefinition(signal: SignalDefinition): SignalDefinition {
  const { meta } = signal;
  return meta?.default === undefined ? signal : { ...signal, meta: { ...meta, default: meta.default.copy() } };
}
