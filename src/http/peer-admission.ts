import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AdmissionQueue } from '../util/admission/admission-queue.js';
import type { Clock } from '../util/clock.js';
import { clientPrefix } from '../util/client-prefix.js';
import { ConnectRate } from '../net/connect-rate.js';
import type { ListenLimits } from '../net/listen-limits.js';
import { type ResolvedPeer, resolvePeer } from './http-peer.js';
import { TrustedProxies } from './trusted-proxies.js';

export interface PeerAdmissionOptions extends ListenLimits {
  readonly trustedProxies: readonly string[];
  readonly clock: Clock;
}

/** Handlers for a request whose head was read. */
export interface PeerRequestHandlers {
  readonly proceed: (peer: ResolvedPeer) => void;
  /** @param text description for people: the limit and its number */
  readonly refuse: (text: string) => void;
}

interface Waiting extends PeerRequestHandlers {
  readonly peer: ResolvedPeer;
}

/**
 * Identifies the peer of each request and limits the rate of new connections for peers behind a proxy. Their
 * connections were accepted without being counted, because the peer is unknown until the head of its request is read.
 * Requests above the rate wait, within the limits for connections.
 */
export class PeerAdmission {
  /** Counts peers of proxies and direct peers together. */
  readonly rate: ConnectRate;
  readonly #trusted: TrustedProxies;
  readonly #queue: AdmissionQueue<Waiting>;

  /** @throws TransportError for a trusted proxy that is not an address or network */
  constructor(options: PeerAdmissionOptions) {
    this.#trusted = new TrustedProxies(options.trustedProxies);
    this.rate = new ConnectRate(options);
    this.#queue = new AdmissionQueue<Waiting>({
      gates: [this.rate],
      maxWaiting: options.maxWaiting,
      maxWaitingPerAddress: options.maxWaitingPerAddress,
      maxWaitMs: options.handshakeMs,
      clock: options.clock,
      admit: ({ peer, proceed }) => {
        proceed(peer);
      },
      refuse: ({ refuse }, text) => {
        refuse(text);
      },
    });
  }

  /** Returns whether connections from an address are accepted without being counted. */
  readonly isExempt = (address: string | undefined): boolean => this.#trusted.has(address);

  peerOf(request: IncomingMessage): ResolvedPeer {
    return resolvePeer(request, this.#trusted);
  }

  /** Calls a handler as soon as the limits of the peer allow it, usually immediately. */
  admit(peer: ResolvedPeer, socket: Socket, handlers: PeerRequestHandlers): void {
    const { remoteAddress } = socket;
    const wasCounted = clientPrefix(remoteAddress) !== undefined && !this.#trusted.has(remoteAddress);
    if (wasCounted || peer.place === undefined) {
      handlers.proceed(peer);
      return;
    }
    const waiting = { ...handlers, peer };
    socket.once('close', () => {
      this.#queue.forget(waiting);
    });
    this.#queue.arrive(waiting, peer.place);
  }

  /** Rejects all waiting requests. */
  clear(): void {
    this.#queue.clear();
  }
}
