import { expect } from '@jest/globals';
import type { Authenticator, Grant } from '../../src/core/ports.js';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { parseScope } from '../../src/protocol/scope.js';
import { answered, errorsTo, hello, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';
import { BYSTANDER_TOKEN } from './support/bystanders.js';
import { eventually } from './support/eventually.js';

const answer = encodeValue(42);
const streams = ['websocket', 'tcp', 'pipe', 'quic'] as const;

function grantOf(tokenId: string, ...scopes: readonly string[]): Grant {
  return {
    tokenId,
    subject: '__proto__',
    scopes: scopes.map(parseScope),
    constraints: [],
    expiresAtSeconds: undefined,
  };
}

/** Accepts the bystanders at once; the test decides about all other tokens. */
class TestAuthenticator implements Authenticator {
  readonly #answer: (token: string) => Promise<Grant>;

  constructor(answer: (token: string) => Promise<Grant>) {
    this.#answer = answer;
  }

  authenticate(token: string): Promise<Grant> {
    return token === BYSTANDER_TOKEN ? Promise.resolve(grantOf('b', 'admin:/bystanders/**')) : this.#answer(token);
  }

  onRevoked(): () => void {
    return () => undefined;
  }
}

/** Tokens whose validation is pending. */
const undecided: ((grant: Grant) => void)[] = [];
const slow = new TestAuthenticator(() => new Promise((resolve) => undecided.push(resolve)));
const withToken: Message = { ...hello, token: 'x' } as Message; // a HELLO, like hello

const attacks: readonly Attack[] = [
  {
    name: 'a client that disconnects while its token is validated',
    options: { authenticator: slow, allowInsecureUdp: true },
    over: streams,
    async run(stage, transport) {
      for (const how of ['vanish', 'leave'] as const) {
        const attacker = await stage.connect(transport);
        say(attacker, withToken, { type: 'set', address: '/a', value: answer });
        await eventually(() => undecided.length === 1, 'the token to be checked');
        attacker[how]();
        await stage.bystanders.exchange();
        await eventually(() => stage.router.sessionCount === 2, 'the session to end');
        undecided.pop()!(grantOf('late', 'admin:/**')); // it exists: the test has waited for it
        await stage.bystanders.exchange();
        expect(stage.router.statistics().counts.params).toBe(1);
      }
    },
  },
  {
    name: 'a flood after a HELLO whose token is being validated',
    options: { authenticator: slow, allowInsecureUdp: true, maxMessagesPerSecond: 0 },
    over: streams,
    async run(stage, transport) {
      const attacker = await stage.connect(transport);
      say(attacker, withToken, ...Array.from({ length: 256 }, (): Message => ({ type: 'ping' })));
      await eventually(() => undecided.length === 1, 'the token to be checked');
      await stage.bystanders.exchange(3);
      expect(attacker.messages).toEqual([]);
      say(attacker, { type: 'ping' });
      await eventually(() => attacker.isOver, 'the end of the attacker');
      expect(attacker.messages).toMatchObject([{ type: 'error', code: 429, message: expect.stringContaining('256') }]);
      undecided.pop()!(grantOf('late', 'admin:/**')); // it exists: the test has waited for it
    },
  },
  {
    name: 'a token whose validation never ends',
    options: { authenticator: slow, allowInsecureUdp: true },
    over: streams,
    async run(stage, transport) {
      const attacker = await stage.connect(transport);
      say(attacker, withToken);
      await eventually(() => undecided.length === 1, 'the token to be checked');
      await stage.pass(10_000);
      await eventually(() => attacker.isOver, 'the end of the attacker');
      expect(attacker.messages).toMatchObject([
        { type: 'error', code: 500, message: 'The token was not checked within 10 s' },
      ]);
      undecided.pop();
    },
  },
  {
    name: 'invalid tokens, one after the other',
    options: {
      authenticator: new TestAuthenticator(() =>
        Promise.reject(new ClaspError(ErrorCode.Unauthorized, 'Token rejected: token not found')),
      ),
      allowInsecureUdp: true,
    },
    over: streams,
    async run(stage, transport) {
      const before = stage.router.statistics().authFailures;
      for (let i = 0; i < 20; i++) {
        const attacker = await stage.connect(transport);
        say(attacker, { ...hello, token: `guess-${i}` } as Message); // a HELLO, like hello
        await eventually(() => attacker.isOver, 'the end of the attacker');
        expect(attacker.messages).toMatchObject([
          { type: 'error', code: 300, message: 'Token rejected: token not found' },
        ]);
      }
      await stage.bystanders.exchange();
      expect(stage.router.statistics().authFailures - before).toBe(20);
      expect(JSON.stringify(stage.log.lines)).not.toContain('guess-');
    },
  },
  {
    name: 'an authenticator that throws',
    options: {
      authenticator: new TestAuthenticator((token) => {
        throw new TypeError(`cannot read ${token}`);
      }),
      allowInsecureUdp: true,
    },
    over: streams,
    async run(stage, transport) {
      const attacker = await stage.connect(transport);
      say(attacker, { ...hello, token: 'secret' } as Message); // a HELLO, like hello
      await eventually(() => attacker.isOver, 'the end of the attacker');
      expect(attacker.messages).toMatchObject([{ type: 'error', code: 500, message: 'Internal error' }]);
      await stage.bystanders.exchange();
      expect(JSON.stringify(stage.log.lines)).not.toContain('secret');
    },
    complaints: (lines) => {
      expect(new Set(lines)).toEqual(new Set(['internal error while checking a token']));
    },
  },
  {
    name: 'a client that requests more than its token grants',
    options: {
      authenticator: new TestAuthenticator(() => Promise.resolve(grantOf('t', 'write:/mine/**'))),
      allowInsecureUdp: true,
      unknownAddress: 'error',
    },
    over: streams,
    async run(stage, transport) {
      const attacker = await stage.connect(transport);
      say(attacker, withToken);
      await answered(attacker);
      const forbidden: readonly Message[] = [
        { type: 'set', address: '/bystanders/param', value: answer },
        { type: 'set', address: '/bystanders/param', value: answer, unlock: true },
        { type: 'publish', address: '/bystanders/event', signal: 'event', value: answer },
        { type: 'get', address: '/bystanders/param' },
        { type: 'subscribe', id: 1, pattern: '/**' },
        { type: 'subscribe', id: 2, pattern: '/mine/../bystanders/*' },
        { type: 'subscribe', id: 3, pattern: '/*/param' },
        { type: 'subscribe', id: 4, pattern: '/$clasp/**' },
        { type: 'announce', namespace: '/mine', signals: [{ address: '/**', type: 'param' }] },
        {
          type: 'bundle',
          messages: [
            { type: 'set', address: '/mine/x', value: answer },
            { type: 'set', address: '/bystanders/param', value: answer },
          ],
        },
      ];
      for (const [i, message] of forbidden.entries()) {
        say(attacker, message);
        await answered(attacker);
        expect([message.type, errorsTo(attacker)[i]?.code]).toEqual([message.type, 301]);
      }
      // No data of other clients has arrived in any message.
      const heard = JSON.stringify(attacker.messages.filter(({ type }) => type !== 'error' && type !== 'welcome'));
      expect(heard).not.toContain('bystanders');
    },
  },
];

describeAttacks(attacks);
