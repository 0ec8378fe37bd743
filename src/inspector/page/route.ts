/** Location of the page, as in the URL behind the `#`. Reloads and links restore it. */
export type Route =
  | { readonly view: 'sessions' }
  /** `actor`: XState's session id; undefined if none is selected. */
  | { readonly view: 'chart'; readonly actor: string | undefined }
  | { readonly view: 'signals'; readonly pattern: string }
  | { readonly view: 'traffic'; readonly pattern: string };

export type RouteView = Route['view'];

/** In the order of the keys 1 to 4. */
export const routeViews: readonly RouteView[] = ['sessions', 'chart', 'signals', 'traffic'];

/** Pattern that matches every address. */
export const EVERYTHING = '/**';

/** Parses a hash such as `#signals/lights/**`. Unknown hashes lead to the sessions. */
export function parseRoute(hash: string): Route {
  const text = decoded(hash.replace(/^#/, ''));
  const slash = text.indexOf('/');
  const view = slash < 0 ? text : text.slice(0, slash);
  const rest = slash < 0 ? '' : text.slice(slash);
  switch (view) {
    case 'chart':
      return { view, actor: rest.length > 1 ? rest.slice(1) : undefined };
    case 'signals':
    case 'traffic':
      return { view, pattern: rest.length > 1 ? rest : EVERYTHING };
    default:
      return { view: 'sessions' };
  }
}

export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'sessions':
      return '#sessions';
    case 'chart':
      return route.actor === undefined ? '#chart' : `#chart/${encoded(route.actor)}`;
    case 'signals':
    case 'traffic':
      return `#${route.view}${route.pattern === EVERYTHING ? '' : encoded(route.pattern)}`;
  }
}

/** Returns the key of a link that the router printed, `#key=…`; undefined for a hash without a key. */
export function keyOf(hash: string): string | undefined {
  return /^#key=([\w-]+)$/.exec(hash)?.[1];
}

/** Returns the key from pasted text: the whole link, or the key alone. */
export function pastedKey(text: string): string {
  return /#key=([\w-]+)/.exec(text)?.[1] ?? text.trim();
}

/**
 * Returns the pattern that filter text means: `/lights` matches all addresses below it, `dim` every address with a
 * segment that contains `dim`. Text with a `*` is used unchanged.
 */
export function typedPattern(text: string): string {
  const typed = text.trim();
  if (typed === '') return EVERYTHING;
  if (!typed.startsWith('/')) return typed.includes('*') ? `/${typed}` : `/**/*${typed.replaceAll('/', '*')}*/**`;
  if (typed.includes('*')) return typed;
  return typed.endsWith('/') ? `${typed}**` : `${typed}/**`;
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3A', ':');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return ''; // an invalid escape in a hash that was typed by hand
  }
}
