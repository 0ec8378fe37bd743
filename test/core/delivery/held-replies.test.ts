import { describe, expect, it } from '@jest/globals';
import type { ReplyHold } from '../../../src/core/ports.js';
import { ClaspError, ErrorCode } from '../../../src/protocol/errors.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

/** Holds the ACKs of `/config/...` until the current cut is stored. */
class Store implements ReplyHold {
  cut = 1;
  isFull = false;

  check(address: string): void {
    if (!this.isFull || !address.startsWith('/config/')) return;
    throw new ClaspError(ErrorCode.Overloaded, 'Store unavailable: disk full; nothing was changed', { address });
  }

  cutFor(address: string): number {
    return address.startsWith('/config/') ? this.cut : 0;
  }
}

function setup(): { readonly store: Store; readonly harness: CoreHarness } {
  const store = new Store();
  return { store, harness: new CoreHarness({ replyHold: store }) };
}

function bundle(peer: Peer, ...addresses: string[]): void {
  peer.send(
    { type: 'bundle', messages: addresses.map((address) => ({ type: 'set', address, value: encodeValue(1) })) },
    { qos: 1 },
  );
}

const ack = (address: string, revision = 1): object => ({ type: 'ack', address, revision });

describe('an acknowledgment that waits for a cut', () => {
  it('is sent when the cut is stored, and not before', () => {
    const { store, harness } = setup();
    const desk = harness.join();
    desk.set('/config/a', 1);
    store.cut = 2;
    desk.set('/config/b', 1);
    expect(desk.read()).toEqual([]);
    harness.core.settleCut(1);
    expect(desk.read()).toMatchObject([ack('/config/a')]);
    harness.core.settleCut(2);
    expect(desk.read()).toMatchObject([ack('/config/b')]);
    desk.set('/config/b', 2); // of a cut that is stored already
    expect(desk.read()).toMatchObject([ack('/config/b', 2)]);
  });

  it('delays every later ACK and ERROR of its session, in their order', () => {
    const { harness } = setup();
    const desk = harness.join();
    desk.set('/show/1', 1);
    desk.set('/config/a', 1);
    desk.set('/show/2', 1);
    desk.set('invalid', 1);
    desk.send({ type: 'set', address: '/show/3', value: encodeValue(1), lock: true }, { qos: 1 });
    expect(desk.read()).toMatchObject([ack('/show/1')]);
    harness.core.settleCut(1);
    expect(desk.read()).toMatchObject([
      ack('/config/a'),
      ack('/show/2'),
      { type: 'error', code: 200 },
      { ...ack('/show/3'), locked: true },
    ]);
    desk.set('/show/4', 1);
    expect(desk.read()).toMatchObject([ack('/show/4')]);
  });

  it('delays no delivery, no snapshot, no PONG, and no other session', () => {
    const { harness } = setup();
    const [desk, other] = [harness.join(), harness.join()];
    desk.subscribe(1, '/**');
    desk.read();
    desk.set('/config/a', 1);
    desk.send({ type: 'ping' });
    desk.send({ type: 'get', address: '/config/a' });
    other.set('/show', 1);
    expect(desk.read()).toMatchObject([
      { type: 'set', address: '/config/a' },
      { type: 'pong' },
      { type: 'snapshot' },
      { type: 'set', address: '/show' },
    ]);
    expect(other.read()).toMatchObject([ack('/show')]);
  });

  it('is not sent for a write that requests none', () => {
    const { harness } = setup();
    const desk = harness.join();
    desk.set('/config/a', 1, { qos: 0 });
    desk.set('/show', 1);
    expect(desk.read()).toMatchObject([ack('/show')]);
  });

  it('is that of a bundle if one of its SETs must be stored', () => {
    const { harness } = setup();
    const desk = harness.join();
    bundle(desk, '/show/1', '/show/2');
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
    bundle(desk, '/show/1', '/config/a', '/show/2');
    expect(desk.read()).toEqual([]);
    harness.core.settleCut(1);
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
  });

  it('becomes an ERROR if the cut fails, unlike the replies behind it', () => {
    const { harness } = setup();
    const desk = harness.join();
    desk.set('/config/a', 1);
    desk.set('/show', 1);
    harness.core.settleCut(1, 'disk full');
    expect(plain(desk.read())).toEqual([
      { type: 'error', code: 500, message: 'Applied, not stored: disk full', address: '/config/a' },
      { type: 'ack', address: '/show', revision: 1 },
    ]);
  });

  it.each(['json', 'cbor'] as const)('is sent in the encoding of its session: %s', (encoding) => {
    const { harness } = setup();
    const desk = harness.join('desk', encoding);
    desk.set('/config/a', 1);
    desk.set('/config/a', 2);
    harness.core.settleCut(1);
    expect(desk.read()).toMatchObject([ack('/config/a'), ack('/config/a', 2)]);
  });

  it('is handed to an in-process session', () => {
    const { harness } = setup();
    const desk = harness.join('desk', 'binary', { isLocal: true });
    desk.set('/config/a', 1);
    expect(desk.read()).toEqual([]);
    harness.core.settleCut(1);
    expect(desk.read()).toMatchObject([ack('/config/a')]);
  });

  it('waits in the send queue of a congested session after its cut', () => {
    const { harness } = setup();
    const desk = harness.join();
    desk.set('/config/a', 1);
    desk.session.phase = 'congested';
    harness.core.settleCut(1);
    expect(desk.read()).toEqual([]);
    expect(desk.readBacklog()).toMatchObject([ack('/config/a')]);
  });
});

describe('held replies', () => {
  it('count in the limits of the session, which is closed above them', () => {
    const { harness } = setup();
    const desk = harness.join('desk', 'binary', { maxQueueBytes: 65_536 });
    let sent = 0;
    while (desk.session.phase === 'active' && sent < 10_000) {
      desk.set('/config/a', 1);
      sent++;
    }
    expect(sent).toBeLessThan(1_000);
    expect(desk.events.at(-1)).toMatchObject({ type: 'end.queueOverflowed' });
    desk.leave('lost');
    harness.settle();
    expect(harness.core.statistics().memory.queues.usedBytes).toBe(0);
  });

  it('count in the memory of all queues until they are sent', () => {
    const { harness } = setup();
    const desk = harness.join();
    for (let i = 0; i < 10; i++) desk.set('/config/a', i);
    const used = (): number => harness.core.statistics().memory.queues.usedBytes;
    expect(used()).toBeGreaterThan(1_000);
    harness.core.settleCut(1);
    expect(used()).toBe(0);
  });

  it('are dropped with their session', () => {
    const { harness } = setup();
    const desk = harness.join();
    desk.set('/config/a', 1);
    desk.leave();
    harness.settle();
    harness.core.settleCut(1);
    expect(desk.session.outbox.isEmpty).toBe(true);
    expect(harness.core.statistics().memory.queues.usedBytes).toBe(0);
  });

  it('are dropped for the last ERROR of a session that the router closes', () => {
    const { harness } = setup();
    const desk = harness.join();
    desk.set('/config/a', 1);
    desk.session.phase = 'draining';
    harness.core.sendError(desk.session, new ClaspError(ErrorCode.Unauthorized, 'expired'));
    harness.core.settleCut(1);
    expect(desk.read()).toMatchObject([{ type: 'error', message: 'expired' }]);
  });
});

describe('a write that cannot be stored as required', () => {
  it('is refused before it changes anything, alone and in a bundle', () => {
    const { store, harness } = setup();
    const desk = harness.join();
    store.isFull = true;
    desk.set('/config/a', 1);
    bundle(desk, '/show/1', '/config/a');
    desk.set('/show/2', 1);
    expect(desk.read()).toMatchObject([
      { type: 'error', code: 503, message: 'Store unavailable: disk full; nothing was changed', address: '/config/a' },
      { type: 'error', code: 503, address: '/config/a' },
      ack('/show/2'),
    ]);
    expect(harness.core.paramCount).toBe(1);
  });
});
