import { type ActorRefFrom, waitFor } from 'xstate';
import { namedTransport } from '../actors/listener/named-transport.js';
import type { ListenerRef, rootMachine } from '../actors/root/root-machine.js';
import type { Logger } from '../core/ports.js';
import type { ListenAddress } from '../net/listen-address.js';
import { TransportError } from '../net/transport-error.js';
import { checkedTransport } from '../transports/checked-transport.js';
import { isTransport, type Transport } from '../transports/transport.js';
import { check } from '../util/arguments.js';
import type { ResolvedRouterOptions } from './options.js';
import { RouterStoppedError } from './router-stopped-error.js';
import type { ServiceGroup } from './service-group.js';

export interface ListenersOptions {
  readonly options: Pick<ResolvedRouterOptions, 'securityMode' | 'allowInsecureUdp'>;
  /** Their routes are added to each transport with an HTTP port. */
  readonly services: Pick<ServiceGroup, 'routes'>;
  readonly logger: Logger;
  /** Called with each new listener, before it is open. */
  readonly created: (listener: ListenerRef) => void;
}

/** The listeners of a running router. */
export class Listeners {
  readonly #actor: ActorRefFrom<typeof rootMachine>;
  readonly #options: ListenersOptions;
  #count = 0;

  /** @param actor the root, which owns the listeners */
  constructor(actor: ActorRefFrom<typeof rootMachine>, options: ListenersOptions) {
    this.#actor = actor;
    this.#options = options;
  }

  /** Opens a listener. @returns its addresses @throws TransportError, RouterStoppedError, ArgumentError */
  async open(transport: Transport): Promise<readonly ListenAddress[]> {
    check(isTransport(transport), 'the argument of listen', 'be a transport, such as webSocket()', transport);
    this.#checkSecurity(transport);
    const listener = this.#create(transport);
    if (listener === undefined) {
      throw new RouterStoppedError(`the router was stopped; it cannot listen on ${transport.name}`);
    }
    this.#options.created(listener);
    const snapshot = await waitFor(listener, (state) => state.matches('open') || state.status !== 'active', {
      timeout: Infinity,
    }).catch(() => undefined); // the drain time passed before the transport was open
    if (snapshot?.matches({ open: 'listening' }) === true) return snapshot.context.addresses;
    throw (
      snapshot?.context.error ??
      new RouterStoppedError(`the router was stopped before it could listen on ${transport.name}`)
    );
  }

  /** The addresses of the open listeners. */
  get addresses(): readonly ListenAddress[] {
    const { status, context } = this.#actor.getSnapshot();
    // A stopped actor still has the address of its listener.
    if (status !== 'active') return [];
    return context.listeners.flatMap((listener) => listener.getSnapshot().context.addresses);
  }

  /** Whether every requested listener is open. */
  get areOpen(): boolean {
    return this.#actor
      .getSnapshot()
      .context.listeners.every((listener) => listener.getSnapshot().matches({ open: 'listening' }));
  }

  #checkSecurity(transport: Transport): void {
    const { securityMode, allowInsecureUdp } = this.#options.options;
    if (transport.isInsecure !== true || securityMode !== 'authenticated' || allowInsecureUdp) return;
    throw new TransportError(
      `this router requires tokens, and ${transport.name} would send them unencrypted; ` +
        'do not open it, or permit it with the option allowInsecureUdp',
    );
  }

  /** @returns undefined if the router has stopped */
  #create(transport: Transport): ListenerRef | undefined {
    const id = `listener:${++this.#count}`;
    this.#actor.send({
      type: 'listener.requested',
      id,
      transport: namedTransport(checkedTransport(this.#withRoutes(transport))),
    });
    return this.#actor.getSnapshot().context.listeners.find((candidate) => candidate.id === id);
  }

  /** Adds the routes of the services to a transport with an HTTP port. */
  #withRoutes(transport: Transport): Transport {
    const { services, logger } = this.#options;
    const { routes } = services;
    if (routes.length === 0 || transport.withRoutes === undefined) return transport;
    return transport.withRoutes(routes, (error) => {
      logger.error({ err: error }, 'internal error in an HTTP route');
    });
  }
}
