/** The contract of transports, for custom ones, and the transport inside the process for tests. */

export {
  type Connection,
  ConnectionLost,
  type Datagrams,
  type InboundFrame,
  type Listener,
  type SingleFrame,
  type Transport,
} from './transport.js';
export { memory, type MemoryClient, type MemoryLinkOptions, type MemoryTransport } from './memory/index.js';
export type {
  QuicConnectOptions,
  QuicEnd,
  QuicHandshakeFailure,
  QuicLimits,
  QuicLink,
  QuicLinkDatagrams,
  QuicListenOptions,
  QuicProvider,
  QuicServer,
  QuicSession,
  QuicSessionHandlers,
  QuicStream,
  QuicTraffic,
} from './quic/provider.js';
export type { UdpConnection, UdpCounts, UdpListener, UdpTransport } from './udp/index.js';
export type { CloseReason } from '../util/close-reason.js';
export { type Clock, systemClock } from '../util/clock.js';
export type { ListenAddress } from '../net/listen-address.js';
export type { RejectedConnection } from '../net/rejected-connections.js';
export { TransportError, TransportUnavailable } from '../net/transport-error.js';
export type { Framing } from '../protocol/framing.js';
export { FrameRun } from '../protocol/frame-run.js';
