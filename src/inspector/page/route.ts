/** Where the page is, as its URL says behind the `#`: a reload and a link lead to the same place. */
export type Route =
  | { readonly view: 'sessions' }
  /** `actor`: XState's session id; undefined while none is chosen. */
  | { readonly view: 'chart'; readonly actor: string | undefined }
  | { readonly view: 'signals'; readonly pattern: string }
  | { readonly view: 'traffic'; readonly pattern: string };

export type RouteView = Route['view'];

/** In the order of their keys, 1 to 4. */
export const routeViews: readonly RouteView[] = ['sessions', 'chart', 'signals', 'traffic'];

/** Every address there is. */
export const EVERYTHING = '/**';

/** `#signals/lights/**` and its like; what is not understood leads to the sessions. */
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

/** The key of a link that the router printed, `#key=…`; undefined for a hash without one. */
export function keyOf(hash: string): string | undefined {
  return /^#key=([\w-]+)$/.exec(hash)?.[1];
}

/** The key in what was pasted: the whole link, or the key alone. */
export function pastedKey(text: string): string {
  return /#key=([\w-]+)/.exec(text)?.[1] ?? text.trim();
}

/**
 * The pattern that somebody means who types into a filter: `/lights` is all below it, `dim` every address with a segment
 * that has `dim` in it, and whatever has a `*` is meant as it stands.
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
    return ''; // a broken escape, typed by hand
  }
}
