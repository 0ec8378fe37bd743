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
 * Whether the headers of a request show that it came through a reverse proxy. Such a request never counts as local,
 * wherever the proxy runs. A proxy that adds no header cannot be detected.
 *
 * @param headers with names in lower case, as Node.js provides them
 */
export function isForwarded(headers: Readonly<Record<string, unknown>>): boolean {
  for (const name in headers) if (name.startsWith('x-forwarded-') || proxyHeaders.has(name)) return true;
  return false;
}
