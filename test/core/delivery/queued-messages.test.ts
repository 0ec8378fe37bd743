import { describe, expect, it } from '@jest/globals';
import { SET_RETENTION } from '../../../src/core/congestion/policy.js';
import { SendQueueBudget } from '../../../src/core/congestion/send-queue-budget.js';
import { Dispatcher } from '../../../src/core/delivery/dispatcher.js';
import { FrameWriter } from '../../../src/core/delivery/frame-writer.js';
import { wireForms } from '../../../src/core/delivery/wire-form.js';
import { CoreHarness } from '../../support/core-harness.js';
import { toHex } from '../../support/hex.js';

describe('a message to congested sessions', () => {
  it('waits as one copy for all of them, which later output does not change', () => {
    const harness = new CoreHarness();
    const sessions = Array.from({ length: 3 }, () => harness.join().session);
    const queued = new Set<Uint8Array>();
    for (const session of sessions) {
      session.phase = 'congested';
      const push = session.sendQueue.push.bind(session.sendQueue);
      session.sendQueue.push = (message, ...rest) => {
        queued.add(message);
        return push(message, ...rest);
      };
    }
    const deliveries = new Dispatcher(new SendQueueBudget({ maxQueueBytesTotal: 1_000_000 }));
    const writer = new FrameWriter(wireForms[0]!);
    writer.write({ type: 'get', address: '/first' });
    const first = toHex(writer.bytes.subarray(writer.start, writer.end));
    deliveries.toAll(sessions, writer, undefined, SET_RETENTION, '/x');
    expect(queued.size).toBe(1);
    writer.bytes.fill(0);
    expect(sessions.map(({ sendQueue }) => toHex(sendQueue.take(Infinity)))).toEqual([first, first, first]);
  });
});
