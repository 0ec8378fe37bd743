/** The inspector: a page that shows a router's actors, sessions, signals and messages as they are. */
export { createInspector, type InspectedRouter, type Inspector, type InspectorOptions } from './inspector.js';
export { feedRelay, type FeedRelay, RelayUrlError } from './stately/index.js';
