import { describe, expect, it } from '@jest/globals';
import { ConnectionLost } from '../../src/transports/transport.js';
import { withoutStacks } from '../../src/util/without-stacks.js';

const fail = (): never => {
  throw new Error('expected');
};

describe('errors without stack traces', () => {
  it('are those of the action, whose result is returned', () => {
    expect(withoutStacks(() => new Error('inside')).stack).toBe('Error: inside');
    expect(new Error('after').stack).toContain('without-stacks.test');
  });

  it('are no others if the action throws', () => {
    expect(() => withoutStacks(fail)).toThrow('expected');
    expect(new Error('after').stack).toContain('without-stacks.test');
  });

  it('are those of lost connections, which keep their text, code and cause', () => {
    const cause = new Error('reset');
    const lost = new ConnectionLost('the connection failed', { cause });
    expect(lost.stack).not.toContain('without-stacks.test');
    expect(lost).toMatchObject({ message: 'the connection failed', code: 'CLASP_ERR_CONNECTION_LOST', cause });
    expect(new Error('after').stack).toContain('without-stacks.test');
  });
});
