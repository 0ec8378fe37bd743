import { type InboundFrame, type InboundItem, sampleFrames } from '../../src/protocol/inbound.js';

/** Returns all frames of a batch, those of runs decoded. */
export function decodedFrames(items: readonly InboundItem[]): readonly InboundFrame[] {
  const frames: InboundFrame[] = [];
  sampleFrames(items, 0, 1, (frame) => frames.push(frame));
  return frames;
}
