import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain } from '../support/core-harness.js';

const value = encodeValue(1);

/** Messages of an established session, and the replies. */
const rows: readonly (readonly [message: Message, replies: readonly object[]])[] = [
  [{ type: 'set', address: '/a', value }, [{ type: 'ack', address: '/a', revision: 1 }]],
  [{ type: 'set', address: '/a', value, lock: true }, [{ type: 'ack', locked: true }]],
  [{ type: 'publish', address: '/a', signal: 'event', value }, []],
  [{ type: 'bundle', messages: [{ type: 'set', address: '/a', value }] }, [{ type: 'ack', revision: 1 }]],
  [{ type: 'get', address: '/unknown' }, [{ type: 'error', code: 201, address: '/unknown' }]],
  [{ type: 'ping' }, [{ type: 'pong' }]],
  [{ type: 'sync', t1: 7 }, [{ type: 'sync', t1: 7 }]],
  [{ type: 'query', pattern: '/**' }, [{ type: 'result', signals: [] }]],
  [{ type: 'hello', version: 1, name: 'again', features: [] }, [{ type: 'error', code: 101 }]],
  [{ type: 'replay', pattern: '/a' }, [{ type: 'error', code: 501, address: '/a' }]],
  [{ type: 'federationSync', op: 'requestSync', patterns: [], revisions: new Map() }, [{ type: 'error', code: 501 }]],
  [{ type: 'pong' }, []],
  [{ type: 'welcome', version: 1, session: 's', name: 'n', features: [], time: 1 }, []],
  [{ type: 'snapshot', params: [] }, []],
  [{ type: 'ack' }, []],
  [{ type: 'result', signals: [] }, []],
  [{ type: 'error', code: 400, message: 'm' }, []],
];

describe('the handler of the messages of an established session', () => {
  it.each(rows)('replies to %j with %j', (message, replies) => {
    const harness = new CoreHarness();
    const peer = harness.join();
    peer.send(message);
    harness.settle();
    const received = plain(peer.read());
    expect(received).toHaveLength(replies.length);
    expect(received).toMatchObject(replies);
    expect(peer.session.phase).toBe('active');
  });

  it('ends the session at a close message', () => {
    const peer = new CoreHarness().join();
    peer.send({ type: 'error', code: 1000, message: 'closed' });
    expect(peer.events).toContainEqual({ type: 'end.closeReceived' });
  });

  it('counts the messages by type', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    for (const [message] of rows) peer.send(message);
    expect(harness.core.statistics().messages).toMatchObject({ set: 2, hello: 2, get: 1, bundle: 1, replay: 1 });
  });

  it('acknowledges at any QoS if the option says so', () => {
    const harness = new CoreHarness({ acks: 'always' });
    const peer = harness.join();
    peer.send({ type: 'set', address: '/a', value }, { qos: 0 });
    expect(plain(peer.read())).toMatchObject([{ type: 'ack', address: '/a' }]);
  });
});
