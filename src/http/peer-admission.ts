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

/** What becomes of a request whose head was read. */
export interface PeerRequestHandlers {
  readonly proceed: (peer: ResolvedPeer) => void;
  /** @param text for a person: which limit, with its number */
  readonly refuse: (text: string) => void;
}

interface Waiting extends PeerRequestHandlers {
  readonly peer: ResolvedPeer;
}

/**
 * Finds out who makes a request, and applies the rate of connects to those whose connection was accepted without being counted: the peers of
 * a proxy, which are unknown until the head of their request was read. Requests above the rate wait, within the bounds of connections.
 */
export class PeerAdmission {
  /** Counts the peers of proxies together with those that connect themselves. */
  readonly rate: ConnectRate;
  readonly #trusted: TrustedProxies;
  readonly #queue: AdmissionQueue<Waiting>;

  /** @throws TransportError for a trusted proxy that is neither address nor network */
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

  /** Whether connections from an address are accepted without being counted. */
  readonly isExempt = (address: string | undefined): boolean => this.#trusted.has(address);

  peerOf(request: IncomingMessage): ResolvedPeer {
    return resolvePeer(request, this.#trusted);
  }

  /** Goes on with a request as soon as the limits of its peer allow it; mostly at once. */
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

  /** Nobody waits any longer. */
  clear(): void {
    this.#queue.clear();
  }
}
