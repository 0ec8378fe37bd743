/** `clasp-router/client` in Node.js: the browser client, and every transport of the router. */
import { checkNames } from '../util/arguments.js';
import type { Client } from './client.js';
import { connect as connectOver } from './index.js';
import type { Link } from './link.js';
import { linkFor } from './node/link-to.js';
import type { LinkOptions } from './node/link-options.js';
import { allOptions, type ClientOptions } from './options.js';

export * from './index.js';
export { linkTo } from './node/link-to.js';
export type { LinkOptions } from './node/link-options.js';

/**
 * Connects to a router. Resolves when the session is open. The router's clock is known then, and its params are
 * arriving, up to a few thousand completely.
 *
 * @param to a URL, see {@link linkTo}, or a link
 * @throws ClientError `unreachable`; ClaspError if the router rejects the client; ArgumentError for an option that is
 * unknown or out of range. Only a connection that was open once is tried again
 */
export async function connect(to: string | Link, options: ClientOptions & LinkOptions = {}): Promise<Client> {
  checkNames('connect', options, allOptions);
  return connectOver(typeof to === 'string' ? linkFor(to, options) : to, options);
}
