/** Headers that reverse proxies add, beside `X-Forwarded-…`. */
const proxyHeaders: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'fastly-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-original-forwarded-for',
]);

/**
 * Whether a request came through a reverse proxy, as far as its headers tell. Such a request is never one of this computer, wherever the
 * proxy runs. A proxy that adds no header cannot be detected.
 *
 * @param headers with names in lower case, as Node.js gives them
 */
export function isForwarded(headers: Readonly<Record<string, unknown>>): boolean {
  for (const name in headers) if (name.startsWith('x-forwarded-') || proxyHeaders.has(name)) return true;
  return false;
}
