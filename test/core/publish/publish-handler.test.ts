import { describe, expect, it } from '@jest/globals';
import type { GesturePhase } from '../../../src/protocol/enumerations.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

const gesture = (phase: GesturePhase, value: number): Message => ({
  type: 'publish',
  address: '/touch',
  signal: 'gesture',
  id: 1,
  phase,
  value: encodeValue(value),
});

const phases = (peer: Peer): unknown[] =>
  plain(peer.read()).map((message) => {
    const { phase, value } = message as { phase: string; value: unknown };
    return [phase, value];
  });

describe('gestures through the router', () => {
  it('of a 240 Hz touch deliver a move every 16 ms, the latest, and end with the last', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    sender.subscribe(1, '/**');
    sender.send(gesture('start', 0));
    for (let i = 1; i <= 24; i++) {
      harness.nowMicros += 4_000;
      harness.core.runDue();
      sender.send(gesture('move', i));
    }
    sender.send(gesture('end', 25));
    const seen = phases(reader);
    expect(seen.slice(0, 2)).toEqual([
      ['start', 0],
      ['move', 1],
    ]);
    expect(seen.slice(-2)).toEqual([
      ['move', 24],
      ['end', 25],
    ]);
    expect(seen.length).toBeGreaterThan(6);
    expect(seen.length).toBeLessThanOrEqual(10);
    expect(sender.read()).toEqual([]); // never echoed, not by the timer either
  });

  it('deliver a pending move by the timer alone', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    for (const [i, phase] of (['start', 'move', 'move'] as const).entries()) sender.send(gesture(phase, i));
    expect(phases(reader)).toEqual([
      ['start', 0],
      ['move', 1],
    ]);
    harness.nowMicros = harness.core.dueMicros;
    harness.core.runDue();
    expect(phases(reader)).toEqual([['move', 2]]);
  });

  it('of a lost client end with their last move and a cancel', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    for (const [i, phase] of (['start', 'move', 'move'] as const).entries()) sender.send(gesture(phase, i));
    sender.leave();
    expect(phases(reader)).toEqual([
      ['start', 0],
      ['move', 1],
      ['move', 2],
      ['cancel', null],
    ]);
  });

  it('all pass if throttling is off', () => {
    const harness = new CoreHarness({ gestureIntervalMs: 0 });
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    for (let i = 0; i < 10; i++) sender.send(gesture('move', i));
    expect(phases(reader)).toHaveLength(10);
  });
});

describe('peer signals', () => {
  const offer = (to: string, from?: string): Message => ({
    type: 'publish',
    address: `/clasp/p2p/signal/${to}`,
    signal: 'event',
    value: encodeValue(new Map([['type', 'offer'], ...(from === undefined ? [] : [['from', from] as const])])),
  });

  it('reach their one target without a subscription, and no other session', () => {
    const harness = new CoreHarness();
    const [one, other, third] = [harness.join(), harness.join(), harness.join()];
    one.send(offer(other.id, one.id));
    expect(other.read()).toMatchObject([{ type: 'publish', address: `/clasp/p2p/signal/${other.id}` }]);
    expect([...one.read(), ...third.read()]).toEqual([]);
  });

  it('to an unknown session are ERROR 404, with another identity 403, in a bundle too', () => {
    const harness = new CoreHarness();
    const [one, other] = [harness.join(), harness.join()];
    one.send(offer('nobody'));
    one.send(offer(other.id, other.id));
    one.send({
      type: 'bundle',
      messages: [{ type: 'set', address: '/a', value: encodeValue(1) }, offer(other.id, 'x')],
    });
    expect(one.read()).toMatchObject([
      { code: 404, message: 'Target session not found: nobody' },
      { code: 403 },
      { code: 403, message: expect.stringMatching(/^Bundle rejected: /) },
    ]);
    expect(other.read()).toEqual([]);
    expect(harness.core.paramCount).toBe(0);
    other.leave();
    one.send(offer(other.id));
    expect(one.read()).toMatchObject([{ code: 404 }]);
  });

  it('notify the subscribers of announcements when a peer has ended', () => {
    const harness = new CoreHarness();
    const [one, other] = [harness.join(), harness.join()];
    other.subscribe(1, '/clasp/p2p/announce');
    one.send({
      type: 'publish',
      address: '/clasp/p2p/announce',
      signal: 'event',
      value: encodeValue(new Map([['session_id', one.id]])),
    });
    one.leave();
    expect(plain(other.read())).toMatchObject([
      { value: new Map([['session_id', one.id]]) },
      {
        value: new Map<string, unknown>([
          ['session_id', one.id],
          ['p2p_capable', false],
        ]),
      },
    ]);
  });
});
