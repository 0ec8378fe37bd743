/**
 * A message router for CLASP. Subpaths have the optional parts: `./auth`, `./certificates`, `./client`, `./http`,
 * `./inspector`, `./metrics`, `./observers`, `./protocol`, `./signals`, `./transports` and `./xstate`.
 */

export { createRouter } from './router/create-router.js';
export type { Router } from './router/router.js';
export { RouterOptionsError } from './router/options.js';
export type { RouterOptions } from './router/router-options.js';
export type { Service, ServiceRouter } from './router/service.js';
export type { RouterEvent } from './router/router-events.js';
export type { RouterState } from './core/params/param-state.js';
export { RouterStoppedError } from './router/router-stopped-error.js';

export { webSocket, type WebSocketOptions } from './transports/websocket/index.js';
export { pipe, type PipeOptions, tcp, type TcpOptions } from './transports/tcp/index.js';
export { udp, type UdpOptions } from './transports/udp/index.js';
export { quic, type QuicOptions } from './transports/quic/index.js';
export type { Transport } from './transports/transport.js';
export { TransportError } from './net/transport-error.js';

export type { Client, Signal } from './client/index.js';
export type { InProcessOptions } from './router/local-session.js';

export type { Clock } from './util/clock.js';
export type { Logger } from './core/ports.js';
export { ArgumentError } from './util/arguments.js';
export type { LibraryErrorCode } from './util/library-errors.js';
export { ClaspError, ErrorCode } from './protocol/errors.js';
