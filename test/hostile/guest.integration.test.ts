import { expect } from '@jest/globals';
import type { Authenticator, Grant } from '../../src/core/ports.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { answered, type Attacker, errorsTo, flood, hello, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { BYSTANDER_TOKEN } from './support/bystanders.js';
import { eventually } from './support/eventually.js';
import type { Stage, TransportName } from './support/stage.js';

const over = ['tcp', 'websocket'] as const;
const one = encodeValue(1);
const GUEST = 'read:/guest/**,write:/guest/**';

function grantOf(tokenId: string, scopes: string, maxRate?: number): Grant {
  const pattern = parsePattern('/**');
  const constraints = maxRate === undefined ? [] : [{ pattern, maxRate }];
  return { tokenId, subject: undefined, scopes: parseScopes(scopes), constraints, expiresAtSeconds: undefined };
}

const grants = new Map<string, Grant>([
  [BYSTANDER_TOKEN, grantOf('b', 'admin:/**')],
  ['desk', grantOf('desk', 'admin:/**')],
  ['guest', grantOf('guest', GUEST)],
  ['limited', grantOf('limited', GUEST, 5)],
]);

const authenticator: Authenticator = {
  authenticate: (token) => Promise.resolve(grants.get(token)!), // the tests use no other
  onRevoked: () => () => undefined,
};

async function join(stage: Stage, transport: TransportName, token: string): Promise<Attacker> {
  const attacker = await stage.connect(transport);
  say(attacker, { ...hello, token } as Message); // a HELLO, like hello
  await eventually(() => attacker.messages.length >= 2, 'WELCOME and SNAPSHOT');
  return attacker;
}

function frames(count: number, make: (i: number) => Message): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, i) => encodeFrame(make(i)));
}

/** Number of params below an address, counted with GET. */
async function params(desk: Attacker, below: string, count: number): Promise<number> {
  const before = errorsTo(desk).filter(({ code }) => code === 201).length;
  await flood(
    desk,
    frames(count, (i) => ({ type: 'get', address: `${below}/${i}` })),
  );
  await answered(desk);
  return count - (errorsTo(desk).filter(({ code }) => code === 201).length - before);
}

const options = { authenticator, allowInsecureUdp: true };

const attacks: readonly Attack[] = [
  {
    name: 'a guest that writes more params than the router keeps',
    over,
    options: { ...options, maxParams: 100 },
    async run(stage, transport) {
      const desk = await join(stage, transport, 'desk');
      await flood(
        desk,
        frames(60, (i) => ({ type: 'set', address: `/lights/${i}`, value: one })),
      );
      await answered(desk);
      const guest = await join(stage, transport, 'guest');
      await flood(
        guest,
        frames(500, (i) => ({ type: 'set', address: `/guest/${i}`, value: one })),
        () => stage.bystanders.exchange(),
      );
      await answered(guest);
      expect(await params(desk, '/lights', 60)).toBe(60);
      expect(stage.router.statistics().counts.params).toBe(100);
    },
    leaves: ({ params: left }) => {
      expect(left).toBe(100);
    },
  },
  {
    name: 'many sessions of a guest that ask for long addresses outside its scope',
    over,
    options,
    async run(stage, transport) {
      const long = 'x'.repeat(1_000);
      for (let n = 0; n < 5; n++) {
        const guest = await join(stage, transport, 'guest');
        await flood(
          guest,
          frames(200, (i) => ({ type: 'get', address: `/${n}/${i}/${long}` })),
          () => stage.bystanders.exchange(),
        );
        await answered(guest);
        const refused = errorsTo(guest).filter(({ code }) => code === 301);
        expect(refused).toHaveLength(200);
      }
    },
  },
  {
    name: 'many sessions of a token with a rate',
    over,
    options,
    async run(stage, transport) {
      let refused = 0;
      for (let n = 0; n < 10; n++) {
        const guest = await join(stage, transport, 'limited');
        await flood(
          guest,
          frames(5, (i) => ({ type: 'set', address: `/guest/${transport}/${n}/${i}`, value: one })),
          () => stage.bystanders.exchange(),
        );
        await answered(guest);
        refused += errorsTo(guest).filter(({ code }) => code === 429).length;
      }
      const text = expect.stringContaining('this token may write 5 times a second');
      expect(errorsTo(await lastOf(stage, transport))).toMatchObject([{ code: 429, message: text }]);
      // The first transport has a full budget of five; the clock stands still, so no other write passes.
      expect([45, 50]).toContain(refused);
    },
    leaves: ({ params: left }) => {
      expect(left).toBe(6);
    },
  },
];

/** One more session of the token, which writes once. */
async function lastOf(stage: Stage, transport: TransportName): Promise<Attacker> {
  const guest = await join(stage, transport, 'limited');
  say(guest, { type: 'set', address: '/guest/last', value: one });
  await answered(guest);
  return guest;
}

describeAttacks(attacks);
