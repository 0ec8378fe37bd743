import type { Grant } from '../../src/core/ports.js';
import { ErrorCode } from '../../src/protocol/errors.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import type { Scope, ScopeAction } from '../../src/protocol/scope.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { Value } from '../../src/protocol/values/value.js';
import { CoreHarness, type Peer } from './core-harness.js';

/** Parses `read:/lights/** write:/sound/1` to the scopes of a grant. */
export function scopes(text: string): Pick<Grant, 'scopes'> {
  const scope = (one: string): Scope => {
    const [action, pattern] = one.split(':') as [ScopeAction, string];
    return { action, pattern: parsePattern(pattern) };
  };
  return { scopes: text.split(' ').filter(Boolean).map(scope) };
}

export function router(): CoreHarness {
  return new CoreHarness({ securityMode: 'authenticated' });
}

/** A session with full permissions. */
export function owner(harness: CoreHarness): Peer {
  return harness.joinWith(scopes('admin:/**'), 'owner');
}

export const forbidden = (what: string, address: string): unknown => ({
  type: 'error',
  code: ErrorCode.Forbidden,
  message: `Insufficient scope for ${what}`,
  address,
});

export const fault = (code: ErrorCode, message: string, address?: string): unknown => ({
  type: 'error',
  code,
  message,
  ...(address !== undefined && { address }),
});

export const write = (address: string, value: Value): Message => ({ type: 'set', address, value: encodeValue(value) });
