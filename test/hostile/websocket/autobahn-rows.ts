import {
  type Row,
  FIN,
  frame,
  text,
  close,
  answer,
  pieces,
  fragments,
  HELLO,
  INVALID,
  ONLY_CLOSED,
  CONTINUATION,
  TEXT,
  BINARY,
  CLOSE,
  PING,
  PONG,
} from './autobahn-frames.js';

const sizes = [0, 125, 126, 127, 128, 65_535, 65_536];

const framing: Row[] = sizes.flatMap((size, i) => [
  {
    case: `1.1.${i + 1}`,
    what: `a text of ${size}`,
    send: [text('*'.repeat(size))],
    back: [answer('text', '*'.repeat(size))],
  },
  {
    case: `1.2.${i + 1}`,
    what: `${size} bytes`,
    send: [frame(FIN | BINARY, new Uint8Array(size).fill(0xfe))],
    back: [answer('binary', new Uint8Array(size).fill(0xfe))],
  },
]);

const pings: Row[] = [
  { case: '2.1', what: 'a ping without payload', send: [frame(FIN | PING)], back: ['pong'] },
  { case: '2.2', what: 'a ping with text', send: [frame(FIN | PING, 'Hello')], back: [answer('pong', 'Hello')] },
  {
    case: '2.3',
    what: 'a ping with bytes',
    send: [frame(FIN | PING, Buffer.from('00fffe', 'hex'))],
    back: ['pong 00fffe'],
  },
  {
    case: '2.4',
    what: 'a ping of 125 bytes',
    send: [frame(FIN | PING, new Uint8Array(125).fill(0xfe))],
    back: [answer('pong', new Uint8Array(125).fill(0xfe))],
  },
  { case: '2.5', what: 'a ping of 126 bytes', send: [frame(FIN | PING, new Uint8Array(126))], back: ONLY_CLOSED },
  { case: '2.7', what: 'an unsolicited pong', send: [frame(FIN | PONG)], back: [] },
  { case: '2.8', what: 'a pong with payload', send: [frame(FIN | PONG, 'unasked')], back: [] },
  {
    case: '2.9',
    what: 'a pong and a ping',
    send: [frame(FIN | PONG, 'unasked'), frame(FIN | PING, 'p')],
    back: [answer('pong', 'p')],
  },
  {
    case: '2.10',
    what: 'ten pings',
    send: Array.from({ length: 10 }, (_, i) => frame(FIN | PING, `p${i}`)),
    back: Array.from({ length: 10 }, (_, i) => answer('pong', `p${i}`)),
  },
];

const reservedBits: Row[] = [1, 2, 3, 4, 5, 6, 7].flatMap((rsv) =>
  [TEXT, BINARY, PING, PONG, CLOSE].map((opcode) => ({
    case: `3.${rsv}`,
    what: `reserved bits ${rsv} on opcode ${opcode}`,
    send: [frame(FIN | (rsv << 4) | opcode, opcode === CLOSE ? Buffer.of(3, 232) : 'x')],
    back: ONLY_CLOSED,
  })),
);

const opcodes: Row[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode, i) => [
  {
    case: `4.${opcode < 8 ? 1 : 2}.${(i % 5) + 1}`,
    what: `reserved opcode ${opcode}`,
    send: [frame(FIN | opcode)],
    back: ONLY_CLOSED,
  },
  {
    case: `4.${opcode < 8 ? 1 : 2}.${(i % 5) + 1}`,
    what: `reserved opcode ${opcode} with payload, and a ping after it`,
    send: [frame(FIN | opcode, 'reserved'), frame(FIN | PING)],
    back: ONLY_CLOSED,
  },
]);

const twoParts = fragments(TEXT, ['fragment1', 'fragment2']);

const joined = 'text fragment1fragment2';

const fragmentation: Row[] = [
  { case: '5.1', what: 'a ping in fragments', send: fragments(PING, ['a', 'b']), back: ONLY_CLOSED },
  { case: '5.2', what: 'a pong in fragments', send: fragments(PONG, ['a', 'b']), back: ONLY_CLOSED },
  { case: '5.2', what: 'a close in fragments', send: fragments(CLOSE, ['\x03\xe8', 'b']), back: ONLY_CLOSED },
  { case: '5.3', what: 'a text in fragments', send: twoParts, back: [joined] },
  { case: '5.3', what: 'bytes in fragments', send: fragments(BINARY, ['a', 'b']), back: ['binary 6162'] },
  {
    case: '5.6',
    what: 'a ping between fragments',
    send: [twoParts[0]!, frame(FIN | PING, 'p'), twoParts[1]!],
    back: [answer('pong', 'p'), joined],
  },
  {
    case: '5.6',
    what: 'a pong between fragments',
    send: [twoParts[0]!, frame(FIN | PONG, 'p'), twoParts[1]!],
    back: [joined],
  },
  {
    case: '5.9',
    what: 'a continuation without a start',
    send: [frame(FIN | CONTINUATION, 'x'), text('y')],
    back: ONLY_CLOSED,
  },
  { case: '5.12', what: 'a fragment without a start', send: [frame(CONTINUATION, 'x'), text('y')], back: ONLY_CLOSED },
  {
    case: '5.17',
    what: 'fragments without a start, up to the last',
    send: [frame(CONTINUATION, 'x'), frame(FIN | CONTINUATION, 'y')],
    back: ONLY_CLOSED,
  },
  { case: '5.18', what: 'a text within a text', send: [frame(TEXT, 'a'), text('b')], back: ONLY_CLOSED },
  {
    case: '5.18',
    what: 'bytes within bytes',
    send: [frame(BINARY, 'a'), frame(FIN | BINARY, 'b')],
    back: ONLY_CLOSED,
  },
  {
    case: '5.18',
    what: 'bytes within a text',
    send: [frame(TEXT, 'a'), frame(FIN | BINARY, 'b')],
    back: ONLY_CLOSED,
  },
  { case: '5.18', what: 'a second beginning', send: [frame(TEXT, 'a'), frame(TEXT, 'b')], back: ONLY_CLOSED },
  {
    case: '5.19',
    what: 'five fragments with pings between them',
    send: fragments(TEXT, ['1', '2', '3', '4', '5']).flatMap((one, i) =>
      i === 0 ? [one] : [frame(FIN | PING, `p${i}`), one],
    ),
    back: [...['p1', 'p2', 'p3', 'p4'].map((payload) => answer('pong', payload)), answer('text', '12345')],
  },
  { case: '6.1.1', what: 'an empty text', send: [text('')], back: ['text'] },
  { case: '6.1.2', what: 'three empty fragments', send: fragments(TEXT, ['', '', '']), back: ['text'] },
  {
    case: '6.1.3',
    what: 'empty fragments around one',
    send: fragments(TEXT, ['', 'middle', '']),
    back: ['text middle'],
  },
];

/**
 * In one piece, in fragments at every byte, and in two fragments at each byte: characters are split at every
 * position.
 */
const wholeTexts: Row[] = [HELLO, 'κόσμε', 'Hello-µ@ßöäüàá-UTF-8!!-\u{1f600}', '\u0000'].flatMap((one, i) => [
  { case: '6.2.1', what: `valid text ${i + 1}`, send: [text(one)], back: [`text ${one}`] },
  {
    case: '6.2.3',
    what: `valid text ${i + 1} byte by byte`,
    send: fragments(TEXT, pieces(one, 1)),
    back: [`text ${one}`],
  },
]);

const validSequences = [
  ['6.5', 'cebae1bdb9cf83cebcceb5'],
  ['6.7.1', '00'],
  ['6.7.2', 'c280'],
  ['6.7.3', 'e0a080'],
  ['6.7.4', 'f0908080'],
  ['6.9.1', '7f'],
  ['6.9.2', 'dfbf'],
  ['6.9.3', 'efbfbf'],
  ['6.9.4', 'f48fbfbf'],
  ['6.11.1', 'ed9fbf'],
  ['6.11.2', 'ee8080'],
  ['6.11.3', 'efbfbd'],
  ['6.22', 'efbfbe'],
  ['6.23', 'f09fbfbe'],
] as const;

const invalidSequences = [
  ['6.3', INVALID.toString('hex')],
  ['6.6', 'ce'],
  ['6.6', 'cebae1'],
  ['6.6', 'cebae1bd'],
  ['6.8', 'f888808080'],
  ['6.8', 'fc8480808080'],
  ['6.10', 'f7bfbfbf'],
  ['6.10', 'fbbfbfbfbf'],
  ['6.10', 'fdbfbfbfbfbf'],
  ['6.12', 'f4908080'],
  ['6.13', '80'],
  ['6.13', 'bf'],
  ['6.13', '80bf80bf'],
  ['6.14', 'c0c1'],
  ['6.14', 'fe'],
  ['6.14', 'ff'],
  ['6.15', 'c020'],
  ['6.15', 'e08020'],
  ['6.16', 'f0808020'],
  ['6.18', 'c0af'],
  ['6.18', 'e080af'],
  ['6.18', 'f08080af'],
  ['6.19', 'c1bf'],
  ['6.19', 'e09fbf'],
  ['6.19', 'f08fbfbf'],
  ['6.20', 'c080'],
  ['6.20', 'e08080'],
  ['6.21', 'eda080'],
  ['6.21', 'edafbf'],
  ['6.21', 'edb080'],
  ['6.21', 'eda080edb080'],
] as const;

const utf8: Row[] = [
  ...wholeTexts,
  ...validSequences.map(([number, hex]) => {
    const bytes = Buffer.from(hex, 'hex');
    return { case: number, what: `the bytes ${hex}`, send: [text(bytes)], back: [`text ${bytes.toString()}`] };
  }),
  ...invalidSequences.flatMap(([number, hex]) => {
    const bytes = Buffer.from(hex, 'hex');
    const back = ['close 1007'];
    return [
      { case: number, what: `the bytes ${hex}`, send: [text(bytes)], back },
      { case: number, what: `the bytes ${hex} byte by byte`, send: fragments(TEXT, pieces(bytes, 1)), back },
    ];
  }),
  // ws validates a text when it is complete: an invalid beginning is accepted until then.
  {
    case: '6.4.1',
    what: 'an invalid fragment, and the rest after a ping',
    send: [frame(TEXT, INVALID), frame(FIN | PING, 'p'), frame(FIN | CONTINUATION, 'rest')],
    back: [answer('pong', 'p'), 'close 1007'],
  },
  {
    case: '6.4',
    what: 'invalid UTF-8 as binary',
    send: [frame(FIN | BINARY, INVALID)],
    back: [answer('binary', INVALID)],
  },
];

const closing: Row[] = [
  { case: '7.1.1', what: 'a text and a close', send: [text('Hello World!')], back: ['text Hello World!'] },
  { case: '7.1.2', what: 'two closes', send: [close(1000), close(1000)], back: ['close 1000'] },
  { case: '7.1.3', what: 'a ping after the close', send: [close(1000), frame(FIN | PING)], back: ['close 1000'] },
  { case: '7.1.4', what: 'a text after the close', send: [close(1000), text('late')], back: ['close 1000'] },
  {
    case: '7.1.5',
    what: 'a close between fragments',
    send: [twoParts[0]!, close(1000), twoParts[1]!],
    back: ['close 1000'],
  },
  { case: '7.3.1', what: 'a close without a code', send: [frame(FIN | CLOSE)], back: ['close'] },
  { case: '7.3.2', what: 'a close with half a code', send: [frame(FIN | CLOSE, 'a')], back: ONLY_CLOSED },
  { case: '7.3.4', what: 'a close with a reason', send: [close(1000, 'Hello World!')], back: ['close 1000'] },
  { case: '7.3.5', what: 'a reason of 123 bytes', send: [close(1000, '*'.repeat(123))], back: ['close 1000'] },
  { case: '7.3.6', what: 'a reason of 124 bytes', send: [close(1000, '*'.repeat(124))], back: ONLY_CLOSED },
  { case: '7.5.1', what: 'a reason that is not UTF-8', send: [close(1000, INVALID)], back: ['close 1007'] },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) => {
    return { case: '7.7', what: `the close code ${code}`, send: [close(code)], back: [`close ${code}`] };
  }),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].map((code) => {
    return { case: '7.9', what: `the close code ${code}`, send: [close(code)], back: ONLY_CLOSED };
  }),
  ...[5000, 65_535].map((code) => {
    return { case: '7.13', what: `the close code ${code}`, send: [close(code)], back: ONLY_CLOSED };
  }),
];

const MIB = 1_048_576;

const limits: Row[] = [
  {
    case: '9.1',
    what: 'the largest text',
    send: [text('x'.repeat(262_144))],
    back: [answer('text', 'x'.repeat(262_144))],
  },
  { case: '9.1', what: 'a text of one byte more', send: [text('x'.repeat(262_145))], back: ['close 1009'] },
  {
    case: '9.2',
    what: 'the largest frame',
    send: [frame(FIN | BINARY, new Uint8Array(65_547))],
    back: [answer('binary', new Uint8Array(65_547))],
  },
  {
    case: '9.2',
    what: 'a frame of one more byte',
    send: [frame(FIN | BINARY, new Uint8Array(65_548))],
    back: ['close 1009'],
  },
  { case: '9.2', what: 'a mebibyte', send: [frame(FIN | BINARY, new Uint8Array(MIB))], back: ['close 1009'] },
  {
    case: '9.2',
    what: 'a claim of 2^62 bytes',
    send: [Buffer.from('82ff400000000000000000000000', 'hex')],
    back: ['close 1009'],
  },
  {
    case: '9.2',
    what: 'a claim of 2^64 - 1',
    send: [Buffer.from('82ffffffffffffffffff00000000', 'hex')],
    back: ['close 1009'],
  },
  {
    case: '9.3',
    what: 'the largest text in 1,024 fragments',
    send: fragments(TEXT, pieces('x'.repeat(262_144), 256)),
    back: [answer('text', 'x'.repeat(262_144))],
  },
  {
    case: '9.3',
    what: 'a text of one more byte in fragments',
    send: fragments(TEXT, [...pieces('x'.repeat(262_144), 4_096), 'x']),
    back: ['close 1009'],
  },
  {
    case: '9.3',
    what: 'fragments that exceed the limit before the last',
    send: [frame(TEXT, 'x'.repeat(200_000)), frame(CONTINUATION, 'x'.repeat(62_145))],
    back: ['close 1009'],
  },
  {
    case: '9.4',
    what: 'the largest frame in fragments',
    send: fragments(BINARY, pieces(new Uint8Array(65_547), 1_000)),
    back: [answer('binary', new Uint8Array(65_547))],
  },
  {
    case: '9.4',
    what: 'a frame of one more byte in fragments',
    send: fragments(BINARY, pieces(new Uint8Array(65_548), 1_000)),
    back: ['close 1009'],
  },
  { case: '9.5', what: '1,025 fragments', send: fragments(TEXT, pieces('x'.repeat(1_025), 1)), back: ['close 1008'] },
  {
    case: '9.5',
    what: '1,025 empty fragments',
    send: Array.from({ length: 1_025 }, (_, i) => frame(i === 0 ? TEXT : CONTINUATION)),
    back: ['close 1008'],
  },
  {
    case: '9.5',
    what: '1,025 fragments with pongs between them',
    send: fragments(TEXT, pieces('x'.repeat(1_025), 1)).flatMap((one, i) =>
      i % 40 === 0 ? [one, frame(FIN | PONG)] : [one],
    ),
    back: ['close 1008'],
  },
  {
    case: '10.1',
    what: '65,536 characters in fragments of 1,300',
    send: fragments(TEXT, pieces('*'.repeat(65_536), 1_300)),
    back: [answer('text', '*'.repeat(65_536))],
  },
];

const masks: Row[] = [
  { case: 'RFC 6455 5.1', what: 'a text without a mask', send: [Buffer.from('810178', 'hex')], back: ONLY_CLOSED },
  { case: 'RFC 6455 5.1', what: 'bytes without a mask', send: [Buffer.from('820178', 'hex')], back: ONLY_CLOSED },
  { case: 'RFC 6455 5.1', what: 'a ping without a mask', send: [Buffer.from('8900', 'hex')], back: ONLY_CLOSED },
  { case: 'RFC 6455 5.2', what: 'a mask of zeros', send: [Buffer.from('82810000000078', 'hex')], back: ['binary 78'] },
];

export const everything = [
  ...framing,
  ...pings,
  ...reservedBits,
  ...opcodes,
  ...fragmentation,
  ...utf8,
  ...closing,
  ...limits,
  ...masks,
];

/** Cases that are short enough to be sent byte by byte. */
export const short = everything.filter(({ send }) => Buffer.concat(send).length <= 400);
