import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RouterCore } from '../../src/core/router-core.js';
import type { RouterCoreOptions } from '../../src/core/router-core-options.js';
import type { CoreInput } from '../../src/core/recorder.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, coreDefaults, type Peer } from '../support/core-harness.js';
import { hex, KeptRecording, Output, replay } from '../support/core-replay.js';

const options = {
  ...coreDefaults,
  maxParams: 6,
  paramTtlSeconds: 3,
  validateWrite: ({ address }) => (address === '/refused' ? 'no' : undefined),
  isVisible: (address) => address !== '/hidden',
} as const satisfies Partial<RouterCoreOptions>;

const address = fc.constantFrom('/a', '/b/1', '/b/2', '/hidden', '/refused', '/c/d', '/e');
const peer = fc.nat(3);
const command = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('set' as const), peer, address, value: fc.nat(9) }) },
  fc.record({ kind: fc.constant('lock' as const), peer, address }),
  fc.record({
    kind: fc.constant('gesture' as const),
    peer,
    address,
    phase: fc.constantFrom('start' as const, 'move' as const, 'end' as const),
  }),
  fc.record({ kind: fc.constant('stream' as const), peer, address }),
  fc.record({
    kind: fc.constant('subscribe' as const),
    peer,
    pattern: fc.constantFrom('/**', '/b/*', '/a', '/$clasp/sessions/**'),
    maxRate: fc.option(fc.constant(5), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('bundle' as const), peer, address, inSeconds: fc.constantFrom(0, 0.5) }),
  fc.record({
    kind: fc.constant('ask' as const),
    peer,
    address,
    what: fc.constantFrom('get', 'query', 'sync', 'ping'),
  }),
  fc.record({ kind: fc.constant('advance' as const), seconds: fc.constantFrom(0.01, 0.4, 2) }),
  fc.record({ kind: fc.constant('congest' as const), peer }),
  fc.record({ kind: fc.constant('drain' as const), peer }),
  fc.record({
    kind: fc.constant('rejoin' as const),
    peer,
    departure: fc.constantFrom('left' as const, 'lost' as const),
  }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Runs commands on a recorded core. */
function run(commands: readonly Command[]): { readonly inputs: readonly CoreInput[]; readonly output: Output } {
  const recording = new KeptRecording();
  const output = new Output();
  const harness = new CoreHarness({ ...options, recorder: recording });
  const turn = (): void => {
    harness.settle();
    output.takeTurn(harness.core);
  };
  const join = (i: number): Peer => {
    const encoding = (['binary', 'json', 'cbor', 'binary'] as const)[i]!; // i < 4
    const one = harness.connect({ framing: encoding === 'json' ? 'websocket' : 'raw' });
    const token = i === 3 ? 'secret' : undefined;
    one.send({ type: 'hello', version: 1, name: `peer ${i}`, features: ['param'], token }, { encoding });
    turn();
    return one;
  };
  const peers = [0, 1, 2, 3].map(join);
  for (const one of commands) {
    const target = 'peer' in one ? peers[one.peer]! : undefined;
    switch (one.kind) {
      case 'set':
        target!.set(one.address, one.value);
        break;
      case 'lock':
        target!.send({ type: 'set', address: one.address, value: encodeValue(1), lock: true, ttl: 1 }, { qos: 1 });
        break;
      case 'gesture':
        target!.publish(one.address, 'gesture', 1, { id: 1, phase: one.phase });
        break;
      case 'stream':
        target!.publish(one.address, 'stream', 0.5);
        break;
      case 'subscribe':
        target!.subscribe(1, one.pattern, { maxRate: one.maxRate });
        break;
      case 'bundle':
        target!.send(
          {
            type: 'bundle',
            timestamp: harness.nowMicros + one.inSeconds * 1_000_000,
            messages: [
              { type: 'set', address: one.address, value: encodeValue('x') },
              { type: 'set', address: '/b/2', value: encodeValue('y') },
            ],
          },
          { qos: 1 },
        );
        break;
      case 'ask':
        if (one.what === 'get') target!.send({ type: 'get', address: one.address });
        else if (one.what === 'query') target!.send({ type: 'query', pattern: '/**' });
        else if (one.what === 'sync') target!.send({ type: 'sync', t1: 1 });
        else harness.core.ping(target!.session);
        break;
      case 'advance':
        harness.advance(one.seconds);
        break;
      case 'congest':
        if (target!.session.phase === 'active') target!.session.phase = 'congested';
        break;
      case 'drain':
        if (target!.session.phase !== 'congested') break;
        output.add(target!.id, hex(harness.core.takeQueued(target!.session, Infinity)));
        target!.session.phase = 'active';
        harness.core.resume(target!.session);
        break;
      case 'rejoin':
        target!.leave(one.departure);
        peers[one.peer] = join(one.peer);
    }
    turn();
  }
  return { inputs: recording.inputs, output };
}

/** A recorded core with one session, whose messages arrive as bytes. */
function withBytes(
  settings: Partial<RouterCoreOptions>,
  recorder: KeptRecording,
): { readonly core: RouterCore; readonly send: (message: Message) => void } {
  const harness = new CoreHarness({ ...settings, recorder });
  const { session } = harness.connect();
  const { core } = harness;
  const send = (message: Message): void => {
    const bytes = encodeFrame(message);
    core.beginBatch();
    core.handleBytes(session, bytes, 0, bytes.length, harness.nowMicros);
    harness.settle();
  };
  return { core, send };
}

describe('a recording of the inputs of a core', () => {
  it('gives the same bytes for every session when it is replayed', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const { inputs, output } = run(commands);
        expect(replay(inputs, options).bySession).toEqual(output.bySession);
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same bytes, with as many results of hooks, if the input were bytes', () => {
    const visible = { ...coreDefaults, isVisible: options.isVisible };
    const recording = new KeptRecording();
    const output = new Output();
    const { core, send } = withBytes(visible, recording);
    send({ type: 'hello', version: 1, name: 'bytes', features: ['param'] });
    for (const pattern of ['/**', '/a']) {
      send({ type: 'subscribe', id: 1, pattern });
      for (let i = 0; i < 5; i++) send({ type: 'set', address: '/a', value: encodeValue(i) });
      output.takeTurn(core);
    }
    const hooks = recording.inputs.filter(({ type }) => type === 'hook');
    expect(hooks).toHaveLength(3); // for each match after a change, and for the snapshot of the second subscription
    expect(replay(recording.inputs, visible).bySession).toEqual(output.bySession);
  });

  it('contains no token', () => {
    expect(JSON.stringify(run([]).inputs)).not.toContain('secret');
  });

  it('gives other bytes without one of its SETs', () => {
    const set = { kind: 'set', peer: 0, address: '/a', value: 1 } as const;
    const { inputs, output } = run([{ kind: 'subscribe', peer: 1, pattern: '/**', maxRate: undefined }, set, set, set]);
    const sets = inputs.flatMap((input, i) =>
      input.type === 'frame' && input.frame.message.type === 'set' ? [i] : [],
    );
    expect(sets).toHaveLength(3);
    for (const dropped of sets) {
      const others = inputs.filter((_, i) => i !== dropped);
      expect(replay(others, options).bySession).not.toEqual(output.bySession);
    }
  });
});

describe('a core without a recorder', () => {
  it('can begin and end a recording while it runs', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    const recording = new KeptRecording();
    desk.set('/a', 1);
    harness.core.recorder = recording;
    desk.set('/a', 2);
    harness.core.recorder = undefined;
    desk.set('/a', 3);
    const frames = recording.inputs.flatMap((input) => (input.type === 'frame' ? [input.frame.message] : []));
    expect(frames).toMatchObject([{ type: 'set', address: '/a' }]);
    expect(harness.core).toBeInstanceOf(RouterCore);
  });
});
