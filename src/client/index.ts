/**
 * CLASP client for browsers: the part of `clasp-router/client` that needs no Node.js module. In Node.js, `./node.js`
 * replaces it, which adds more transports.
 */
import { check, checkNames, hasMethods } from '../util/arguments.js';
import { Client } from './client.js';
import type { Link } from './link.js';
import { allOptions, type ClientOptions } from './options.js';
import { webSocketLink, type WebSocketLinkOptions } from './websocket-link.js';

export type { Client } from './client.js';
export type { BundleOptions, SetOptions, SetResult, SignalsOptions, Unsubscribe } from './call-options.js';
export { ClientError, type ClientErrorKind } from './client-error.js';
export { connectionLink } from './connection-link.js';
export type { ClientState, StateChange } from './lifecycle.js';
export type { Channel, ClientEncoding, Link, LinkEvents } from './link.js';
export type { ClientOptions, ReconnectOptions } from './options.js';
export type {
  BundleItem,
  DefinitionInput,
  KeyframeInput,
  PublishOptions,
  StreamContent,
  StreamOptions,
  TimelineInput,
  WriteOptions,
} from './bundle-item.js';
export type { PlainValue } from './plain-value.js';
export type { SyncResult } from './server-clock.js';
export type { EventSignal, GestureSignal, Param, ParamSignal, Signal, StreamSignal, TimelineSignal } from './signal.js';
export type { SignalIterator } from './signal-queue.js';
export type { Listener, OnOptions } from './subscription.js';
export {
  type WebSocketConstructor,
  type WebSocketLike,
  webSocketLink,
  type WebSocketLinkOptions,
} from './websocket-link.js';
export { ArgumentError } from '../util/arguments.js';
export { ClaspError, ErrorCode } from '../protocol/errors.js';
export type { LibraryErrorCode } from '../util/library-errors.js';
export { timelinePlayer } from '../protocol/timeline.js';
export type { Value } from '../protocol/values/value.js';

/**
 * Connects to a router. Resolves when the session is open. The router's clock is known then, and its params are
 * arriving, up to a few thousand completely.
 *
 * @param to `ws://host:port`, `wss://host:port`, or a link
 * @throws ClientError `unreachable`; ClaspError if the router rejects the client; ArgumentError for an option that is
 * unknown or out of range. Only a connection that was open once is tried again
 */
export async function connect(to: string | Link, options: ClientOptions & WebSocketLinkOptions = {}): Promise<Client> {
  checkNames('connect', options, allOptions);
  const link = typeof to === 'string' ? webSocketLink(to, options) : to;
  check(hasMethods(link, ['open']), 'the first argument of connect', 'be the URL of a router, or a link', link);
  return new Client(link, options).opened();
}
