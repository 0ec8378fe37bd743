export { type FeedRelay, feedRelay, type FeedRelayOptions } from './feed-relay.js';
export type { ActorListener, WatchedActor, WatchedActors, WatchedEvent } from './port.js';
export { RelayQueue, type RelaySocket } from './relay-queue.js';
export { parseRelayUrl, RelayUrlError } from './relay-url.js';
export { createStatelyStream, type StatelyStream, type StatelyStreamOptions } from './stately-stream.js';
export { watchedActor } from './watched-actor.js';
