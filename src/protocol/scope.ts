import { patternCovers } from './containment.js';
import { matchPattern, type Pattern } from './pattern.js';

/** What a scope lets its holder do: `write` includes `read`, `admin` includes both (router.md 9.2). */
export type ScopeAction = 'read' | 'write' | 'admin';

/** One permission: an action on all addresses of a pattern. */
export interface Scope {
  readonly action: ScopeAction;
  readonly pattern: Pattern;
}

const rank: Readonly<Record<ScopeAction, number>> = { read: 0, write: 1, admin: 2 };

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
 * must be plain to see which one it is.
 */
export function scopesCover(scopes: readonly Scope[], action: ScopeAction, pattern: Pattern): boolean {
  return scopes.some((scope) => actionCovers(scope.action, action) && patternCovers(scope.pattern, pattern));
}
