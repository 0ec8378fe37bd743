import { MAX_COVER_STEPS, patternCovers } from './containment.js';
import { ClaspError, ErrorCode } from './errors.js';
import { matchPattern, parsePattern, type Pattern } from './pattern.js';
import { StepCounter } from './step-counter.js';

/** What a scope lets its holder do: `write` includes `read`, `admin` includes both (router.md 9.2). */
export type ScopeAction = 'read' | 'write' | 'admin';

/** One permission: an action on all addresses of a pattern. */
export interface Scope {
  readonly action: ScopeAction;
  readonly pattern: Pattern;
}

const rank: Readonly<Record<ScopeAction, number>> = { read: 0, write: 1, admin: 2 };

const actions: ReadonlyMap<string, ScopeAction> = new Map([
  ['read', 'read'],
  ['r', 'read'],
  ['write', 'write'],
  ['w', 'write'],
  ['admin', 'admin'],
  ['a', 'admin'],
  ['*', 'admin'],
]);

/**
 * A scope as people write it: `read:/lights/**`, `w:/sound/1`, `*:/**`.
 *
 * @throws ClaspError 202 that quotes it
 */
export function parseScope(text: string): Scope {
  const trimmed = text.trim();
  const invalid = (fault: string): ClaspError =>
    new ClaspError(ErrorCode.PatternError, `invalid scope "${trimmed}": ${fault}`);
  const colon = trimmed.indexOf(':');
  if (colon < 0) throw invalid('it is no action and pattern such as "read:/lights/**"');
  const action = actions.get(trimmed.slice(0, colon).toLowerCase());
  if (action === undefined) throw invalid('its action is none of read, write and admin');
  try {
    return { action, pattern: parsePattern(trimmed.slice(colon + 1)) };
  } catch (cause) {
    if (!(cause instanceof ClaspError)) throw cause;
    throw invalid(cause.message);
  }
}

/** Several of them with commas between. @throws ClaspError 202 */
export function parseScopes(text: string): Scope[] {
  return text.split(',').map(parseScope);
}

export function formatScope({ action, pattern }: Scope): string {
  return `${action}:${pattern}`;
}

/** Whether somebody who may do what is held may do what is wanted. */
export function actionCovers(held: ScopeAction, wanted: ScopeAction): boolean {
  return rank[held] >= rank[wanted];
}

/** Whether any of the scopes allows an action on an address. */
export function scopesAllow(scopes: readonly Scope[], action: ScopeAction, address: string): boolean {
  return scopes.some((scope) => actionCovers(scope.action, action) && matchPattern(scope.pattern, address));
}

/**
 * Whether one of the scopes allows an action on every address of a pattern. Several that do so only together are not enough: it
 * must be plain to see which one it is. If the scopes and the pattern are so unusual that this takes more than
 * {@link MAX_COVER_STEPS} steps for all scopes together, the answer is `false`.
 *
 * @param counter counts the comparisons of segments
 */
export function scopesCover(
  scopes: readonly Scope[],
  action: ScopeAction,
  pattern: Pattern,
  counter: StepCounter = new StepCounter(),
): boolean {
  const lastStep = counter.steps + MAX_COVER_STEPS;
  for (const scope of scopes) {
    if (!actionCovers(scope.action, action)) continue;
    const stepsLeft = lastStep - counter.steps;
    if (stepsLeft <= 0) return false;
    if (patternCovers(scope.pattern, pattern, counter, stepsLeft)) return true;
  }
  return false;
}
