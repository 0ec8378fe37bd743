/** The inspector: a web page that shows the actors, sessions, signals and messages of a router. */
export { createInspector, type InspectedRouter, type Inspector, type InspectorOptions } from './inspector.js';
export { feedRelay, type FeedRelay, RelayUrlError } from './stately/index.js';
