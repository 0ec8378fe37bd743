import { MAX_COVER_STEPS, patternCovers } from './containment.js';
import { ClaspError, ErrorCode } from './errors.js';
import { matchPattern, parsePattern, type Pattern } from './pattern.js';
import { StepCounter } from './step-counter.js';

/** Permission of a scope: `write` includes `read`, `admin` includes both (router.md 9.2). */
export type ScopeAction = 'read' | 'write' | 'admin';

/** One permission: an action on all addresses that a pattern matches. */
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
 * Parses a scope: `read:/lights/**`, `w:/sound/1`, `*:/**`.
 *
 * @throws ClaspError 202 that quotes the scope
 */
export function parseScope(text: string): Scope {
  const trimmed = text.trim();
  const invalid = (fault: string): ClaspError =>
    new ClaspError(ErrorCode.PatternError, `invalid scope "${trimmed}": ${fault}`);
  const colon = trimmed.indexOf(':');
  if (colon < 0) throw invalid('it is not an action and a pattern such as "read:/lights/**"');
  const action = actions.get(trimmed.slice(0, colon).toLowerCase());
  if (action === undefined) throw invalid('its action is not read, write or admin');
  try {
    return { action, pattern: parsePattern(trimmed.slice(colon + 1)) };
  } catch (cause) {
    if (!(cause instanceof ClaspError)) throw cause;
    throw invalid(cause.message);
  }
}

/**
 * Parses several scopes, separated by commas.
 *
 * @throws ClaspError 202
 */
export function parseScopes(text: string): Scope[] {
  return text.split(',').map(parseScope);
}

export function formatScope({ action, pattern }: Scope): string {
  return `${action}:${pattern}`;
}

/** Returns whether the granted action includes the requested action. */
export function actionCovers(held: ScopeAction, wanted: ScopeAction): boolean {
  return rank[held] >= rank[wanted];
}

/** Returns whether at least one scope allows an action on an address. */
export function scopesAllow(scopes: readonly Scope[], action: ScopeAction, address: string): boolean {
  return scopes.some((scope) => actionCovers(scope.action, action) && matchPattern(scope.pattern, address));
}

/**
 * Returns whether one scope allows an action on every address of a pattern. Several scopes that cover the pattern only
 * together do not suffice: one scope must be identifiable as the reason. If the check takes more than {@link
 * MAX_COVER_STEPS} steps for all scopes together, the result is `false`.
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
