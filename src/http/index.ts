/** HTTP routes and static files on the port of a WebSocket transport, and HTTP ports of their own. */

export { type HttpPort, type HttpPortOptions, openHttpPort } from './http-port.js';
export type { HttpPeer } from './http-peer.js';
export { BodyTooLarge, type HttpAnswer, type HttpRequest, type HttpRoute } from './route.js';
export {
  staticFiles,
  StaticFilesError,
  type StaticFilesOptions,
  type StaticFilesService,
} from './static-files/index.js';
