/** The inspector: a web page that shows the actors, sessions, signals and messages of a router. */
export { inspector, type InspectorOptions, type InspectorService } from './inspector-service.js';
export { RelayUrlError } from './stately/index.js';
