import { describe, expect, it } from '@jest/globals';
import { ClaspWalker } from '../../bench/wire/clasp-walker.mjs';
import { MqttWalker } from '../../bench/wire/mqtt-walker.mjs';
import { NatsWalker } from '../../bench/wire/nats-walker.mjs';
import { NotationWalker } from '../../bench/wire/notation-walker.mjs';
import { RedisWalker } from '../../bench/wire/redis-walker.mjs';
import { SocketIoWalker } from '../../bench/wire/socket-io-walker.mjs';

/** A WebSocket message as a server sends it. */
function message(payload: Uint8Array, firstByte: number): Buffer {
  const head =
    payload.length < 126
      ? [firstByte, payload.length]
      : payload.length < 65_536
        ? [firstByte, 126, payload.length >> 8, payload.length & 0xff]
        : [firstByte, 127, 0, 0, 0, 0, 0, payload.length >> 16, (payload.length >> 8) & 0xff, payload.length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

const text = (value: string): Buffer => message(Buffer.from(value), 0x81);
const binary = (...payload: readonly number[]): Buffer => message(Buffer.from(payload), 0x82);
const clasp = (flags: number, ...payload: readonly number[]): Buffer =>
  binary(0x53, flags, payload.length >> 8, payload.length & 0xff, ...payload);
const filler = (length: number): readonly number[] => Array.from({ length }, () => 0x22);
const line = (value: string): Buffer => Buffer.from(`${value}\r\n`);
/** A message that Redis pushes to a subscriber. */
const resp = (...items: readonly (string | number)[]): Buffer =>
  line([`*${items.length}`, ...items.map((item) => (typeof item === 'number' ? `:${item}` : bulk(item)))].join('\r\n'));
const bulk = (item: string): string => `$${item.length}\r\n${item}`;
const cborSet = Buffer.from('a2647479706563736574676164647265737364', 'hex'); // {"type": "set", "address": ...

/** Possible output of a server of each protocol, with two kinds of every counted item. */
const protocols = [
  {
    name: 'CLASP',
    walker: () => new ClaspWalker(),
    parts: [
      clasp(0x01, 0x02, ...filler(20)),
      clasp(0x01, 0x21, ...filler(30)),
      Buffer.from([0x89, 0]), // a WebSocket ping
      clasp(0x21, ...filler(8), 0x20, ...filler(300)), // with a timestamp
      clasp(0x01, 0x50, ...filler(3)),
      clasp(0x01, 0x42),
      clasp(0x01, 0x51, 0x00, 0xc8, 0x00, 0x02, 0x6e, 0x6f),
    ],
    shortest: 2 + 4 + 31,
    longest: 4 + 4 + 309,
  },
  {
    name: 'MQTT',
    walker: () => new MqttWalker(),
    parts: [
      Buffer.from([0x20, 2, 0, 0]),
      Buffer.from([0x90, 3, 0, 1, 0]),
      Buffer.from([0x32, 0xc8, 0x01, ...filler(200)]),
      Buffer.from([0x40, 2, 0, 1]),
      Buffer.from([0x30, 30, ...filler(30)]),
      Buffer.from([0xd0, 0]),
    ],
    shortest: 32,
    longest: 203,
  },
  {
    name: 'NATS',
    walker: () => new NatsWalker(),
    parts: [
      line('INFO {"server_id":"A","max_payload":1048576}'),
      line('PING'),
      line('MSG bench.param.00 1 8'),
      line('\r\nMSG a '), // a payload like a protocol line
      line('+OK'),
      line('MSG bench.param.00 7 6'), // differs from the previous one only in size
      line('123456'),
      line('PONG'),
    ],
    shortest: 24 + 6 + 2,
    longest: 24 + 8 + 2,
  },
  {
    name: 'Redis',
    walker: () => new RedisWalker(),
    parts: [
      resp('psubscribe', '/bench/*', 1),
      resp('pmessage', '/bench/*', '/bench/param/00', '*4\r\n$8\r\nab'), // a payload like the head of a delivery
      line(':1'),
      resp('pmessage', '/bench/*', '/bench/param/00', '12345678'), // differs from the previous one only in size
      line('+OK'),
      resp('pong', ''),
    ],
    shortest: 4 + 14 + 14 + 22 + 4 + 10,
    longest: 4 + 14 + 14 + 22 + 5 + 12,
  },
  {
    name: 'socket.io',
    walker: () => new SocketIoWalker(),
    parts: [
      text('0{"sid":"a","upgrades":[]}'),
      text('40{"sid":"b"}'),
      text('432[]'),
      text('42["set","/bench/param/00",100000]'),
      text('2'),
      text('430[]'),
      text(`42["set","/bench/param/00","${'.'.repeat(200)}"]`),
      text('431[]'),
    ],
    shortest: 2 + 34,
    longest: 4 + 230,
  },
  {
    name: 'CLASP in JSON',
    walker: () => new NotationWalker('json'),
    parts: [
      text('{"type":"welcome","version":1}'),
      text('{"type":"snapshot","params":[]}'),
      text('{"type":"set","address":"/a","value":0.5}'),
      text('{"type":"ack","address":"/a"}'),
      text(`{"type":"publish","address":"/${'a'.repeat(200)}"}`),
      text('{"type":"pong"}'),
    ],
    shortest: 2 + 41,
    longest: 4 + 232,
  },
  {
    name: 'CLASP in CBOR',
    walker: () => new NotationWalker('cbor'),
    parts: [
      clasp(0x02, ...cborSet, ...filler(4)),
      clasp(0x02, ...Buffer.from('a1647479706563', 'hex'), ...Buffer.from('ack')),
      clasp(0x22, ...filler(8), ...cborSet, ...filler(200)),
      clasp(0x02, ...Buffer.from('a1647479706564', 'hex'), ...Buffer.from('pong')),
    ],
    shortest: 2 + 4 + 23,
    longest: 4 + 4 + 8 + 219,
  },
];

describe.each(protocols)('the walker of $name', ({ walker, parts, shortest, longest }) => {
  const all = Buffer.concat(parts);
  const expected = { deliveries: 2, acks: 1, pongs: 1, shortest, longest, isBetweenMessages: true };

  /** Returns the counts after reads that end at these positions. */
  function walked(...cuts: readonly number[]): typeof expected {
    const one = walker();
    let from = 0;
    for (const to of [...cuts, all.length]) {
      const read = Buffer.alloc(all.length + 64, 0x4d); // a read buffer is longer than the read
      one.walk(read, all.copy(read, 0, from, to));
      from = to;
    }
    const { deliveries, acks, pongs, shortestDelivery, longestDelivery, isBetweenMessages } = one;
    return { deliveries, acks, pongs, shortest: shortestDelivery, longest: longestDelivery, isBetweenMessages };
  }

  it('counts the content of one read', () => {
    expect(walked()).toEqual(expected);
  });

  it('counts the same with any two cuts', () => {
    for (let first = 1; first < all.length; first++) {
      for (let second = first + 1; second < Math.min(all.length, first + 12); second++) {
        expect({ first, second, ...walked(first, second) }).toEqual({ first, second, ...expected });
      }
    }
  });

  it('counts the same byte by byte', () => {
    expect(walked(...Array.from({ length: all.length - 1 }, (_, i) => i + 1))).toEqual(expected);
  });

  it('reports a message in progress', () => {
    const one = walker();
    one.walk(all, all.length - 1);
    expect(one.isBetweenMessages).toBe(false);
  });
});

it('reports a refusal of the server', () => {
  const refusals = [
    { walker: new ClaspWalker(), bytes: clasp(0x01, 0x51, 0x00, 0xc8, 0x00, 0x02, 0x6e, 0x6f), says: '200 no' },
    { walker: new MqttWalker(), bytes: Buffer.from([0x20, 2, 0, 5]), says: 'CONNACK 5' },
    { walker: new MqttWalker(), bytes: Buffer.from([0x90, 4, 0, 1, 0, 0x80]), says: 'SUBACK with a refusal' },
    { walker: new NatsWalker(), bytes: line("-ERR 'Slow Consumer'"), says: "-ERR 'Slow Consumer'" },
    { walker: new RedisWalker(), bytes: line('-NOAUTH no'), says: '-NOAUTH no' },
    {
      walker: new NotationWalker('json'),
      bytes: text('{"type":"error","code":200}'),
      says: '{"type":"error","code":200}',
    },
  ];
  for (const { walker, bytes, says } of refusals) {
    walker.walk(bytes, bytes.length);
    expect(walker.lastError).toContain(says);
  }
});
