import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnyActorRef, AnyStateMachine } from 'xstate';
import { WebSocketServer } from 'ws';
import type { Client } from '../client/index.js';
import type { Authenticator, Logger } from '../core/ports.js';
import type { ParamQueryResult } from '../core/system/param-query.js';
import type { SessionView } from '../actors/session/session-view.js';
import { type Clock, systemClock } from '../util/clock.js';
import type { DescribeOption } from '../util/describe-option.js';
import { ClockWatch } from '../util/clock-watch.js';
import { isForwarded } from '../util/forwarded-headers.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import { chart } from './chart.js';
import type { Chart, PageMessage } from './feed.js';
import { FeedConnection, type FeedHost } from './feed-connection.js';
import { guardRule, isLoopback, refusal } from './guard.js';
import { checkKey, linkTo, newKey } from './inspector-key.js';
import type { AccessRule } from './page-access.js';
import { answerFile, answerRefusal, BASE, type PageAnswer, type PageRequest } from './page-answers.js';
import { pageFiles } from './page-files.js';
import { Registry } from './registry.js';
import { sanitize } from './sanitize.js';
import { createStatelyStream, type StatelyStream } from './stately/index.js';
import type { RunningView, SendText, SendFeed } from './views.js';
import { watchActor } from './watch-actor.js';
import { watchActors } from './watch-actors.js';
import { watchSessions } from './watch-sessions.js';
import { watchSignals } from './watch-signals.js';
import { watchStately } from './watch-stately.js';
import { watchTraffic } from './watch-traffic.js';

/** The router to inspect. The result of `createRouter` is one. */
export interface InspectedRouter {
  /** Root actor of the router. */
  readonly actor: AnyActorRef;
  connect(options: { readonly name: string; readonly token?: string | undefined }): Promise<Client>;
}

export interface InspectorOptions {
  /** Router name that the page shows. @default 'CLASP Router' */
  readonly name?: string | undefined;
  /** Version that the page shows. @default '' */
  readonly version?: string | undefined;
  /**
   * Validates tokens: a page then needs a token with the scope `admin:/**`, and no key. @default a page needs the key
   */
  readonly authenticator?: Authenticator | undefined;
  /**
   * The key that a page must present if there is no `authenticator`; {@link Inspector.link} contains it. 22 to 128
   * characters of A-Z, a-z, 0-9, - and _. False disables the key: any client that reaches the page can read and
   * write. Behind a reverse proxy on this computer, every remote client appears local, so set false only if the port
   * is not reachable.
   * @default a new key of 192 random bits
   */
  readonly key?: string | false | undefined;
  /** Whether other computers can open the page. @default false */
  readonly isRemote?: boolean | undefined;
  /**
   * Host names under which the page can be opened, beside addresses and `localhost`: see `allowHosts` of the
   * WebSocket port. @default none
   */
  readonly allowHosts?: readonly string[] | undefined;
  /** Same as `InspectorOptions.describeOption` of the service. @default `the option` and its name */
  readonly describeOption?: DescribeOption | undefined;
  /** The machines to draw. */
  readonly machines: readonly AnyStateMachine[];
  readonly logger: Logger;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
}

/** Origin of an upgrade request, if the HTTP server knows more than the socket. */
interface PagePeer {
  readonly remoteAddress: string;
  readonly isLocal?: boolean;
}

export interface Inspector {
  /** For the `routes` of a WebSocket port. It serves the page below `/inspect/`. */
  readonly route: {
    readonly answer: (request: PageRequest) => PageAnswer | undefined;
    readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, peer?: PagePeer) => boolean;
  };
  /** Starts to inspect a router. Before this call the page shows nothing. Call it once. */
  watch(router: InspectedRouter): void;
  /** Actor events in the protocol of the Stately inspector: see `feedRelay`. */
  readonly stately: StatelyStream;
  /**
   * Returns the link to open, with the key behind the `#`. Print it only where its users can read it.
   *
   * @param url address of the router: an address of `Router.start()`, or `http://localhost:7330`
   */
  link(url: string): string;
  /** Closes all pages. */
  close(): void;
}

const FEED = `${BASE}/feed`;
/** Maximum open pages. */
const MAX_PAGES = 16;
/**
 * Maximum pages that have not presented a key or token. Any client that reaches the feed can be one, so they do not
 * count against the open pages. If a new one exceeds the limit, the oldest is closed.
 */
const MAX_WAITING = 16;
/** Pages send small messages: values of single params. */
const MAX_PAGE_MESSAGE_BYTES = 65_536;

/**
 * Creates the page and its feed. It observes nothing and has no cost until {@link Inspector.watch}.
 *
 * @throws RangeError if the form of the key is invalid
 */
export function createInspector(options: InspectorOptions): Inspector {
  const { clock = systemClock, isRemote = false, logger } = options;
  const registry = new Registry(clock);
  const stately = createStatelyStream(registry, { sanitize, clock });
  const files = pageFiles();
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_PAGE_MESSAGE_BYTES, perMessageDeflate: false });
  const pages = new Set<FeedConnection>();
  const access = accessRule(options);
  const rule = guardRule({ ...options, isRemote });
  const key = access.kind === 'key' ? access.key : undefined;
  const openPages = (): number => [...pages].filter(({ isAllowed }) => isAllowed).length;
  const hasCapacity = (): boolean => openPages() < MAX_PAGES;
  const charts: Readonly<Record<string, Chart>> = Object.fromEntries(
    options.machines.map((machine) => [machine.id, chart(machine)]),
  );
  let router: InspectedRouter | undefined;

  const views = (): readonly SessionView[] =>
    ask<readonly SessionView[]>(router, 'sessions', (answer) => ({ type: 'sessions.requested', answer })) ?? [];
  const countParams = (): number => {
    const { params = 0 } = (childOf(router, 'router')?.getSnapshot() ?? {}) as { readonly params?: number };
    return params;
  };
  const host: Omit<FeedHost, 'opened' | 'disconnected'> = {
    clock,
    access,
    hasCapacity,
    welcome: (needs) => ({
      type: 'welcome',
      router: options.name ?? 'CLASP Router',
      version: options.version ?? '',
      needsToken: needs === 'token',
      needsKey: needs === 'key',
      mayWrite: needs === undefined,
      nowMs: ClockWatch.of(clock).protocolNow(),
      charts: needs === undefined ? charts : {},
    }),
    watchActors: (sendFeed) => watchActors(registry, clock, sendFeed),
    watch: begin,
    connect(token) {
      if (router === undefined) return Promise.reject(new Error('there is no router yet'));
      return router.connect({ name: 'inspector', token });
    },
  };

  function begin(
    watch: Extract<PageMessage, { readonly type: 'watch' }>,
    sendFeed: SendFeed,
    send: SendText,
  ): RunningView {
    switch (watch.view) {
      case 'sessions':
        return watchSessions(views, countParams, clock, sendFeed);
      case 'actor':
        return watchActor(registry, watch.actor, clock, sendFeed);
      case 'signals': {
        const source = {
          params: (question: object) =>
            ask<ParamQueryResult | ClaspError>(router, 'router', (answer) => ({
              type: 'params.requested',
              question,
              answer,
            })) ?? new ClaspError(ErrorCode.ServiceUnavailable, 'there is no router'),
          names: () => new Map(views().map(({ id, name }) => [id, name])),
        };
        return watchSignals(source, watch.pattern, clock, sendFeed);
      }
      case 'traffic':
        return watchTraffic(registry, watch.pattern, clock, sendFeed);
      case 'stately':
        return watchStately(stately, send);
    }
  }

  return {
    stately,
    route: {
      answer(request) {
        if (request.path !== BASE && !request.path.startsWith(`${BASE}/`)) return undefined;
        const { remoteAddress, headers, isLocal = isLoopback(remoteAddress) } = request;
        const { host: name, origin } = headers;
        const why = refusal({ isLocal, isForwarded: isForwarded(headers), host: name, origin }, rule);
        return why === undefined ? answerFile(files, request) : answerRefusal(why);
      },
      upgrade(request, socket, head, peer) {
        if (request.url !== FEED) return false;
        const { headers } = request;
        const { host: name, origin } = headers;
        const remoteAddress = peer?.remoteAddress ?? `${request.socket.remoteAddress ?? 'unknown'}:0`;
        const isLocal = peer?.isLocal ?? isLoopback(remoteAddress);
        const why = refusal({ isLocal, isForwarded: isForwarded(headers), host: name, origin }, rule);
        if (why !== undefined || !hasCapacity()) {
          const [status, text] =
            why === undefined ? ['503 Service Unavailable', 'too many pages are open'] : ['403 Forbidden', why];
          // Without this, the socket stays half open until the peer closes it. The HTTP server no longer manages it.
          socket.once('finish', () => socket.destroy());
          socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${text}\n`);
          return true;
        }
        server.handleUpgrade(request, socket, head, (webSocket) => {
          const from = { remoteAddress };
          const disconnected = (why: string): void => {
            logger.warn(from, `the inspector closed a page: ${why}`);
          };
          const opened = (): void => {
            logger.info(from, 'an inspector page opened');
          };
          const page = new FeedConnection(webSocket, { ...host, opened, disconnected });
          pages.add(page);
          const waiting = [...pages].filter(({ isAllowed }) => !isAllowed);
          if (waiting.length > MAX_WAITING) waiting[0]!.close('too many pages wait for a key or token');
          webSocket.once('close', () => pages.delete(page));
        });
        return true;
      },
    },
    watch(watched) {
      router = watched;
      registry.watch(
        watched.actor,
        views().map(({ actor }) => actor),
      );
    },
    link: (url) => linkTo(url, key),
    close() {
      for (const page of pages) page.close('the router has stopped');
      registry.stop();
    },
  };
}

function accessRule({ authenticator, key }: InspectorOptions): AccessRule {
  if (authenticator !== undefined) return { kind: 'token', authenticator };
  return key === false ? { kind: 'none' } : { kind: 'key', key: key === undefined ? newKey() : checkKey(key) };
}

/** Sends a request to an actor of the router that answers before `send` returns. */
function ask<T>(
  router: InspectedRouter | undefined,
  name: string,
  event: (answer: (answer: T) => void) => object,
): T | undefined {
  let given: T | undefined;
  const question = event((answer) => {
    given = answer;
  });
  childOf(router, name)?.send(question); // an event that the actor handles
  return given;
}

function childOf(router: InspectedRouter | undefined, name: string): AnyActorRef | undefined {
  const { children } = (router?.actor.getSnapshot() ?? {}) as {
    readonly children?: Readonly<Record<string, AnyActorRef>>;
  };
  return children?.[name];
}
