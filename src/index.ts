/** A message router for CLASP. Messages and codecs are also available separately in `clasp-router/protocol`. */

export { createRouter, type Router, type RouterPhase } from './router/create-router.js';
export type { RouterStatistics, RunningRouter } from './router/running-router.js';
export type { Client, Param, Signal, SignalIterator } from './client/index.js';
export type { InProcessOptions, SignalsOptions } from './router/local-session.js';
export type { RouterEvent } from './router/router-events.js';
export {
  type ConflictRuleOption,
  type HistoryRuleOption,
  parseRouterOptions,
  type ResolvedRouterOptions,
  type RouterOptions,
  RouterOptionsError,
} from './router/options.js';
export type { ConflictStrategy, Merge } from './core/params/conflict-strategies.js';

// Transports
export { webSocket, type WebSocketOptions } from './transports/websocket/index.js';
export { pipe, type PipeOptions, tcp, type TcpOptions } from './transports/tcp/index.js';
export {
  udp,
  type UdpConnection,
  type UdpCounts,
  type UdpListener,
  type UdpOptions,
  type UdpTransport,
} from './transports/udp/index.js';
export { quic, type QuicOptions, type QuicProvider } from './transports/quic/index.js';
export { memory, type MemoryClient, type MemoryLinkOptions, type MemoryTransport } from './transports/memory/index.js';

// Certificates
export {
  certificateSource,
  type CertificateSource,
  type CertificateSourceOptions,
  defaultDataDir,
  fingerprint,
  loadCertificate,
  type OpenCertificate,
  openCertificate,
  type OpenCertificateOptions,
  selfSigned,
  type SelfSignedOptions,
} from './certificates/index.js';
export type { TlsCredentials, TlsSource } from './net/tls.js';

// For custom transports
export {
  type Connection,
  ConnectionLost,
  type Datagrams,
  type InboundFrame,
  type Listener,
  type SingleFrame,
  type Transport,
} from './transports/transport.js';
export type { CloseReason } from './util/close-reason.js';
export type { ListenAddress } from './net/listen-address.js';
export type { RejectedConnection } from './net/rejected-connections.js';
export { TransportError, TransportUnavailable } from './net/transport-error.js';
export type { Framing } from './protocol/framing.js';
export { FrameRun } from './protocol/frame-run.js';

// Authentication and permissions
export {
  AuthError,
  authenticator,
  type CapabilityOptions,
  capabilityTokens,
  type CapabilityTokensOptions,
  createCapability,
  createToken,
  type CreateTokenOptions,
  CpskTokens,
  type CpskTokensOptions,
  type JwtKey,
  jwksFile,
  jwtPublicKey,
  jwtSecret,
  jwtTokens,
  type JwtTokensOptions,
  listTokens,
  type OpenAuthenticator,
  openAuthenticator,
  type OpenAuthenticatorOptions,
  revokeToken,
  type TokenInfo,
  type TokenValidator,
  trustAnchor,
  type Validation,
} from './auth/index.js';
export type {
  Authenticator,
  Constraint,
  DropCounts,
  Grant,
  ProposedWrite,
  SessionIdentity,
  VisibilityFilter,
  WriteValidator,
} from './core/ports.js';
export { formatScope, parseScope, parseScopes, type Scope, type ScopeAction } from './protocol/scope.js';

// Health and metrics
export { createMetrics, healthRoute, type Metrics, type MetricsOptions, metricsRoute } from './health/index.js';
export {
  type HttpAnswer,
  type HttpPeer,
  type HttpPort,
  type HttpPortOptions,
  type HttpRequest,
  type HttpRoute,
  openHttpPort,
} from './transports/websocket/index.js';

// Static files
export {
  staticFiles,
  StaticFilesError,
  type StaticFilesOptions,
  type StaticFilesRoute,
} from './http/static-files/index.js';

// Typed signals
export { type AddressOf, defineSignals, Signals, SignalsError, typed, type ValueOf } from './signals/index.js';
export type { SignalRules } from './core/ports.js';

// To run the router as an actor inside another XState system, and to observe it
export { rootInput } from './router/root-input.js';
export { routerLogic } from './router/router-actor.js';
export { claspMachine, fromClasp, RestoreError } from './embed/index.js';
export type {
  ClaspCommand,
  ClaspContext,
  ClaspEnd,
  ClaspEvent,
  ClaspInput,
  ClaspParamEvent,
  ClaspRef,
  ClaspRequest,
  ClaspSignalEvent,
  ClaspSignalEventOf,
  ClaspSubscription,
  FromClaspInput,
  FromClaspOptions,
  SignalSource,
} from './embed/index.js';
export type { RouterActorEvent } from './actors/router/router-actor-events.js';
export type { RouterState } from './core/params/param-state.js';
export type { ParamState } from './core/params/stored-param.js';
export { RouterStateError } from './core/params/param-state.js';
export { type RootEnd, type RootEvent, type RootInput, rootMachine } from './actors/root/root-machine.js';
export type { PersistedRouterSnapshot, RouterSnapshot } from './actors/router/router-snapshot.js';
export type { SessionHubEmitted, SessionHubSnapshot } from './actors/session/session-hub-types.js';
export { sessionMachine } from './actors/session/session-machine.js';
export type { SessionEnd, SessionEvent, SessionPhase } from './core/session-events.js';
export { listenerMachine } from './actors/listener/listener-machine.js';

// Injected dependencies
export { type Clock, systemClock } from './util/clock.js';
export { type Logger, silentLogger } from './core/ports.js';

// Errors
export { ArgumentError } from './util/arguments.js';
export type { LibraryErrorCode } from './util/library-errors.js';
export { RouterStoppedError } from './router/router-stopped-error.js';
export { ClaspError, ErrorCode, type ErrorName, errorName } from './protocol/errors.js';
