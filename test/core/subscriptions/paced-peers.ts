import type { Message } from '../../../src/protocol/messages/message.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

export function joined(count: 2 | 3 = 2): { harness: CoreHarness; peers: [Peer, Peer, Peer] } {
  const harness = new CoreHarness();
  const peers: [Peer, Peer, Peer] = [harness.join('desk'), harness.join('lamp'), harness.join('other')];
  if (count === 2) peers[2].leave();
  return { harness, peers };
}

/** The values of the SETs and PUBLISHes that a peer received since the last call. */
export function heard(peer: Peer): unknown[] {
  return peer.read().flatMap(valueOf);
}

export function valueOf(message: Message): unknown[] {
  if (message.type === 'set') return [message.value.decode()];
  if (message.type === 'publish') return [message.samples ?? message.value?.decode()];
  return [];
}

/**
 * Sends a message per `stepMs` for `ms` milliseconds; returns what the subscriber receives, with times in milliseconds.
 */
export function run(
  harness: CoreHarness,
  listener: Peer,
  options: { readonly ms: number; readonly stepMs: number; readonly send?: (i: number) => void },
): { at: number; value: unknown }[] {
  const all: { at: number; value: unknown }[] = [];
  for (let ms = 0; ms < options.ms; ms++) {
    if (ms % options.stepMs === 0) options.send?.(ms / options.stepMs);
    for (const value of heard(listener)) all.push({ at: ms, value });
    harness.advance(0.001);
    for (const value of heard(listener)) all.push({ at: ms + 1, value });
  }
  return all;
}
