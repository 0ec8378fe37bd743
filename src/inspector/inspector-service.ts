import { checkNames } from '../util/arguments.js';
import type { HttpRoute } from '../http/route.js';
import type { Service, ServiceRouter } from '../router/service.js';
import { version } from '../util/version.js';
import { createInspector, type Inspector } from './inspector.js';
import { checkKey, linkTo, newKey } from './inspector-key.js';
import { type FeedRelay, feedRelay, parseRelayUrl, type StatelyStream } from './stately/index.js';

export interface InspectorOptions {
  /** Whether the WebSocket ports of the router serve the page, below `/inspect/`. @default true */
  readonly page?: boolean | undefined;
  /**
   * The key that a page must present if the router requires no tokens; {@link InspectorService.link} contains it. 22 to
   * 128 characters of A-Z, a-z, 0-9, - and _. False disables the key: any client that reaches the page can read and
   * write. Behind a reverse proxy on this computer, every remote client appears local, so set false only if the port is
   * not reachable. If the router requires tokens, a page needs one with the scope `admin:/**` instead.
   * @default a new key of 192 random bits
   */
  readonly key?: string | false | undefined;
  /** Whether other computers can open the page. @default false */
  readonly isRemote?: boolean | undefined;
  /**
   * Host names under which the page can be opened, beside addresses and `localhost`: see `allowHosts` of the WebSocket
   * port. @default none
   */
  readonly allowHosts?: readonly string[] | undefined;
  /**
   * Names an option in the text of a 403, for programs whose users know it by another name. @default `the option` and
   * its name
   */
  readonly describeOption?: ((name: string) => string) | undefined;
  /** Address of a relay of the Stately inspector that receives all actor events: `ws://localhost:8080`. @default none */
  readonly relayUrl?: string | undefined;
}

const optionNames = {
  page: true,
  key: true,
  isRemote: true,
  allowHosts: true,
  describeOption: true,
  relayUrl: true,
} satisfies Record<keyof InspectorOptions, true>;

/** The inspector of a router as a service. */
export interface InspectorService extends Service {
  /** Actor events in the protocol of the Stately inspector, while the service runs. */
  readonly stately: StatelyStream | undefined;
  /**
   * Returns the link to open, with the key behind the `#`. Print it only where its users can read it. Call it after the
   * start: with tokens the link has no key.
   *
   * @param url address of the router: an address of `Router.start()`, or `http://localhost:7330`
   */
  link(url: string): string;
}

/**
 * The page that shows the actors, sessions, signals and messages of a router. It observes nothing and has no cost until
 * the router starts it. Pages stay connected while the router drains.
 *
 * @throws RangeError if the form of the key is invalid; RelayUrlError if the relay is not a WebSocket address;
 *   ArgumentError for an unknown option
 */
export function inspector(options: InspectorOptions = {}): InspectorService {
  checkNames('inspector', options, Object.keys(optionNames));
  return new RunningInspector(options);
}

class RunningInspector implements InspectorService {
  readonly name = 'inspector';
  readonly routes: readonly HttpRoute[];
  readonly #options: InspectorOptions;
  readonly #key: string | false;
  #inspector: Inspector | undefined;
  #relay: FeedRelay | undefined;

  constructor(options: InspectorOptions) {
    const { page = true, key, relayUrl } = options;
    if (relayUrl !== undefined) parseRelayUrl(relayUrl);
    this.#options = options;
    this.#key = typeof key === 'string' ? checkKey(key) : (key ?? newKey());
    const route: HttpRoute = {
      answer: (request) => this.#inspector?.route.answer(request),
      upgrade: (request, socket, head, peer) => this.#inspector?.route.upgrade(request, socket, head, peer) === true,
    };
    this.routes = page ? [route] : [];
  }

  get stately(): StatelyStream | undefined {
    return this.#inspector?.stately;
  }

  start(router: ServiceRouter): void {
    const { isRemote, allowHosts, describeOption, relayUrl } = this.#options;
    const { name, machines, authenticator, logger, clock } = router;
    const created = createInspector({
      name,
      version,
      authenticator,
      key: this.#key,
      isRemote,
      allowHosts,
      describeOption,
      machines,
      logger,
      clock,
    });
    created.watch(router);
    this.#inspector = created;
    if (relayUrl !== undefined) this.#relay = feedRelay({ url: relayUrl, stream: created.stately, logger, clock });
  }

  stop(): void {
    this.#inspector?.close();
    this.#relay?.close();
    this.#inspector = undefined;
    this.#relay = undefined;
  }

  link(url: string): string {
    if (this.#inspector !== undefined) return this.#inspector.link(url);
    return linkTo(url, this.#key === false ? undefined : this.#key);
  }
}
