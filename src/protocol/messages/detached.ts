import type { PublishMessage, SetMessage } from './message.js';

/**
 * A message to keep. Values out of a decoder are views into the frame they came in, which is gone with the turn of the event
 * loop in which it was read; the copy's are its own.
 */
export function detachedSet(message: SetMessage): SetMessage {
  return { ...message, value: message.value.copy() };
}

/** The same for a message that passes through. */
export function detachedPublish(message: PublishMessage): PublishMessage {
  const { value, timeline } = message;
  if (value === undefined && timeline === undefined) return message;
  return {
    ...message,
    value: value?.copy(),
    timeline: timeline && {
      ...timeline,
      keyframes: timeline.keyframes.map((keyframe) => ({ ...keyframe, value: keyframe.value.copy() })),
    },
  };
}
