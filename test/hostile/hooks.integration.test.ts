import { expect } from '@jest/globals';
import type { RouterOptions } from '../../src/index.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { answered, errorsTo, say } from './support/attacker.js';
import { type Attack, describeAttacks } from './support/attacks.js';

/** Throws at the addresses for which the user's hooks fail. */
function breaksAt(address: string): void {
  if (address.startsWith('/trap')) throw new RangeError(`unexpected address ${address}`);
}

const broken: RouterOptions = {
  validateWrite: ({ address }) => {
    breaksAt(address);
    return undefined;
  },
};

const one = encodeValue(1);

const attacks: readonly Attack[] = [
  {
    name: 'a write at which validateWrite throws',
    options: broken,
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      say(
        attacker,
        { type: 'set', address: '/trap/1', value: one },
        { type: 'publish', address: '/trap/2', signal: 'event', value: one },
        {
          type: 'bundle',
          messages: [
            { type: 'set', address: '/fine', value: one },
            { type: 'set', address: '/trap/3', value: one },
          ],
        },
        { type: 'get', address: '/fine' },
      );
      await answered(attacker);
      expect(errorsTo(attacker)).toMatchObject([
        { code: 500, message: 'Internal error', address: '/trap/1' },
        { code: 500, message: 'Internal error', address: '/trap/2' },
        { code: 500, message: 'Bundle rejected: Internal error', address: '/trap/3' },
        { code: 201 }, // no message of the bundle was applied
      ]);
      await stage.bystanders.exchange();
      expect(attacker.isOver).toBe(false);
    },
    complaints: (lines) => {
      expect(lines).toHaveLength(1); // and no more within this second
      expect(lines[0]).toBe('internal error in a hook RangeError: unexpected address /trap/1');
    },
  },
  {
    name: 'an address at which isVisible throws',
    options: {
      isVisible: (address) => {
        breaksAt(address);
        return true;
      },
    },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      say(
        attacker,
        { type: 'subscribe', id: 1, pattern: '/**' },
        { type: 'set', address: '/trap/1', value: one },
        { type: 'get', address: '/trap/1' },
        { type: 'announce', namespace: '/', signals: [{ address: '/trap/2', type: 'param' }] },
        { type: 'query', pattern: '/trap/**' },
        { type: 'subscribe', id: 2, pattern: '/trap/**' },
      );
      await answered(attacker);
      // If isVisible fails, no session sees the address, its writer included.
      expect(errorsTo(attacker)).toMatchObject([{ code: 201, address: '/trap/1' }]);
      const told = attacker.messages.filter(({ type }) => ['set', 'result', 'snapshot'].includes(type));
      expect(JSON.stringify(told)).not.toContain('/trap');
      await stage.bystanders.exchange();
    },
    leaves: ({ params, signals }) => {
      expect([params, signals]).toEqual([2, 1]);
    },
    complaints: (lines) => {
      expect(lines[0]).toBe('internal error in a hook RangeError: unexpected address /trap/1');
    },
  },
  {
    // A hook of an untyped program: a promise is truthy, but does not permit anything.
    name: 'an address for which isVisible returns a promise',
    options: { isVisible: (address) => (address.startsWith('/later') ? (Promise.resolve(false) as never) : true) },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      say(
        attacker,
        { type: 'subscribe', id: 1, pattern: '/**' },
        { type: 'set', address: '/later/1', value: one },
        { type: 'get', address: '/later/1' },
      );
      await answered(attacker);
      expect(errorsTo(attacker)).toMatchObject([{ code: 201, address: '/later/1' }]);
      expect(attacker.messages.filter(({ type }) => type === 'set')).toEqual([]);
      await stage.bystanders.exchange();
    },
    leaves: ({ params }) => {
      expect(params).toBe(2);
    },
  },
  {
    name: 'a value at which a merge function throws',
    options: {
      conflictRules: [
        {
          pattern: '/merged/**',
          strategy: 'merge',
          merge: (_, incoming) => {
            if (incoming === 'bad') throw new RangeError('no merging that');
            // a possible return value of an untyped function
            if (incoming === 'worse') return Symbol('no value') as never;
            return incoming;
          },
        },
      ],
    },
    async run(stage, transport) {
      const attacker = await stage.join(transport);
      const address = `/merged/${transport}`;
      say(attacker, { type: 'set', address, value: one });
      for (const value of ['bad', 'worse']) say(attacker, { type: 'set', address, value: encodeValue(value) });
      say(attacker, { type: 'get', address });
      await answered(attacker);
      expect(errorsTo(attacker)).toMatchObject([{ code: 500 }, { code: 500 }]);
      expect(attacker.messages.findLast(({ type }) => type === 'snapshot')).toMatchObject({
        params: [{ address, revision: 1 }],
      });
      await stage.bystanders.exchange();
      expect(attacker.isOver).toBe(false);
    },
    leaves: () => undefined,
  },
];

describeAttacks(attacks);
