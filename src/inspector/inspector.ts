import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnyActorRef, AnyStateMachine } from 'xstate';
import { WebSocketServer } from 'ws';
import type { Client } from '../client/index.js';
import type { Authenticator, Logger } from '../core/ports.js';
import type { ParamQueryResult } from '../core/system/param-query.js';
import type { SessionView } from '../actors/session/session-view.js';
import { type Clock, systemClock } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import { isForwarded } from '../util/forwarded-headers.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import { chart } from './chart.js';
import type { Chart, FeedMessage, PageMessage } from './feed.js';
import { FeedConnection, type FeedHost } from './feed-connection.js';
import { guardRule, refusal } from './guard.js';
import { checkKey, linkTo, newKey } from './inspector-key.js';
import type { AccessRule } from './page-access.js';
import { type PageFile, pageFiles } from './page-files.js';
import { Registry } from './registry.js';
import { sanitize } from './sanitize.js';
import { createStatelyStream, type StatelyStream } from './stately/index.js';
import type { RunningView, SendText, Tell } from './views.js';
import { watchActor } from './watch-actor.js';
import { watchActors } from './watch-actors.js';
import { watchSessions } from './watch-sessions.js';
import { watchSignals } from './watch-signals.js';
import { watchStately } from './watch-stately.js';
import { watchTraffic } from './watch-traffic.js';

/** The router that is looked at: what `createRouter` gives is one. */
export interface InspectedRouter {
  /** The root of its actors. */
  readonly actor: AnyActorRef;
  connect(options: { readonly name: string; readonly token?: string | undefined }): Promise<Client>;
}

export interface InspectorOptions {
  /** What the page calls the router. @default 'CLASP Router' */
  readonly name?: string | undefined;
  /** What the page shows as its version. @default '' */
  readonly version?: string | undefined;
  /** Looks at tokens: a page needs one with the scope `admin:/**`, and no key. @default a page needs the key */
  readonly authenticator?: Authenticator | undefined;
  /**
   * The key that a page has to show where there is no `authenticator`; {@link Inspector.link} has it. 22 to 128 characters of A-Z, a-z,
   * 0-9, - and _. False: none, so everyone who reaches the page can look and write. A reverse proxy on this computer makes the whole
   * network look like this computer, so do that only where the port is out of reach.
   * @default a new one of 192 random bits
   */
  readonly key?: string | false | undefined;
  /** Whether other computers may look. @default false */
  readonly isRemote?: boolean | undefined;
  /** Names by which the page may be opened, beside addresses and `localhost`: see `allowHosts` of the WebSocket port. @default none */
  readonly allowHosts?: readonly string[] | undefined;
  /** The machines there may be, to be drawn. */
  readonly machines: readonly AnyStateMachine[];
  readonly logger: Logger;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

/** A plain HTTP request, as far as it matters here; see `HttpRoute` of the WebSocket transport. */
interface PageRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly host?: string | undefined; readonly origin?: string | undefined } & Readonly<
    Record<string, string | string[] | undefined>
  >;
  readonly remoteAddress: string;
}

/** Who makes a request to upgrade, where the HTTP server knows better than its socket. */
interface PagePeer {
  readonly remoteAddress: string;
}

interface PageAnswer {
  readonly status: number;
  readonly type?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

export interface Inspector {
  /** For the `routes` of a WebSocket port: the page is below `/inspect/` there. */
  readonly route: {
    readonly answer: (request: PageRequest) => PageAnswer | undefined;
    readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, peer?: PagePeer) => boolean;
  };
  /** Begins to watch a router; before that the page has nothing to show. Once. */
  watch(router: InspectedRouter): void;
  /** What happens to the actors, for the Stately inspector: see `feedRelay`. */
  readonly stately: StatelyStream;
  /**
   * Returns the link to open, with the key behind the `#`. Print it where only its users read it.
   *
   * @param url where the router is: an address of `Router.start()`, or `http://localhost:7330`
   */
  link(url: string): string;
  /** Lets all pages go. */
  close(): void;
}

const BASE = '/inspect';
const FEED = `${BASE}/feed`;
/** Pages that are open. */
const MAX_PAGES = 16;
/**
 * Pages that have not shown a key or token yet. Everyone who reaches the feed can be one, so they take no place of the others, and the one
 * that waits longest makes room for the next.
 */
const MAX_WAITING = 16;
/** A page sends little but values for single params. */
const MAX_PAGE_MESSAGE_BYTES = 65_536;

/** Elk makes a worker of a text where it can; it does without one here. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
};

/**
 * Makes the page and its feed. Nothing is watched, and nothing costs anything, until {@link Inspector.watch}.
 *
 * @throws RangeError for a key of another form
 */
export function createInspector(options: InspectorOptions): Inspector {
  const { clock = systemClock, isRemote = false, allowHosts = [], logger } = options;
  const registry = new Registry(clock);
  const stately = createStatelyStream(registry, { sanitize, clock });
  const files = pageFiles();
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_PAGE_MESSAGE_BYTES, perMessageDeflate: false });
  const pages = new Set<FeedConnection>();
  const access = accessRule(options);
  const rule = guardRule(isRemote, allowHosts);
  const key = access.kind === 'key' ? access.key : undefined;
  const openPages = (): number => [...pages].filter(({ isAllowed }) => isAllowed).length;
  const hasRoom = (): boolean => openPages() < MAX_PAGES;
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
  const host: Omit<FeedHost, 'opened' | 'letGo'> = {
    clock,
    access,
    hasRoom,
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
    watchActors: (tell) => watchActors(registry, clock, tell),
    watch: begin,
    connect(token) {
      if (router === undefined) return Promise.reject(new Error('there is no router yet'));
      return router.connect({ name: 'inspector', token });
    },
  };

  function begin(watch: Extract<PageMessage, { readonly type: 'watch' }>, tell: Tell, send: SendText): RunningView {
    switch (watch.view) {
      case 'sessions':
        return watchSessions(views, countParams, clock, tell);
      case 'actor':
        return watchActor(registry, watch.actor, clock, tell);
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
        return watchSignals(source, watch.pattern, clock, tell);
      }
      case 'traffic':
        return watchTraffic(registry, watch.pattern, clock, tell);
      case 'stately':
        return watchStately(stately, send);
    }
  }

  return {
    stately,
    route: {
      answer(request) {
        if (request.path !== BASE && !request.path.startsWith(`${BASE}/`)) return undefined;
        const { remoteAddress, headers } = request;
        const { host: name, origin } = headers;
        const why = refusal({ remoteAddress, isForwarded: isForwarded(headers), host: name, origin }, rule);
        return why === undefined ? answerFile(files, request) : { status: 403, headers: HEADERS, body: `${why}\n` };
      },
      upgrade(request, socket, head, peer) {
        if (request.url !== FEED) return false;
        const { headers } = request;
        const { host: name, origin } = headers;
        const remoteAddress = peer?.remoteAddress ?? `${request.socket.remoteAddress ?? 'unknown'}:0`;
        const why = refusal({ remoteAddress, isForwarded: isForwarded(headers), host: name, origin }, rule);
        if (why !== undefined || !hasRoom()) {
          const [status, text] =
            why === undefined ? ['503 Service Unavailable', 'too many pages are open'] : ['403 Forbidden', why];
          // Half open otherwise for as long as the peer likes: nobody else looks after it from here on.
          socket.once('finish', () => socket.destroy());
          socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${text}\n`);
          return true;
        }
        server.handleUpgrade(request, socket, head, (webSocket) => {
          const from = { remoteAddress };
          const letGo = (why: string): void => {
            logger.warn(from, `a page of the inspector was let go: ${why}`);
          };
          const opened = (): void => {
            logger.info(from, 'the inspector was opened');
          };
          const page = new FeedConnection(webSocket, { ...host, opened, letGo });
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

/** Asks an actor of the router's something that it answers before `send` returns. */
function ask<T>(
  router: InspectedRouter | undefined,
  name: string,
  event: (answer: (answer: T) => void) => object,
): T | undefined {
  let given: T | undefined;
  const question = event((answer) => {
    given = answer;
  });
  childOf(router, name)?.send(question); // one of the events it knows
  return given;
}

function childOf(router: InspectedRouter | undefined, name: string): AnyActorRef | undefined {
  const { children } = (router?.actor.getSnapshot() ?? {}) as {
    readonly children?: Readonly<Record<string, AnyActorRef>>;
  };
  return children?.[name];
}

function answerFile(files: ReadonlyMap<string, PageFile>, { method, path, headers }: PageRequest): PageAnswer {
  if (method !== 'GET' && method !== 'HEAD')
    return { status: 405, headers: { ...HEADERS, Allow: 'GET, HEAD' }, body: '' };
  if (path === BASE) return { status: 302, headers: { ...HEADERS, Location: `${BASE}/` }, body: '' };
  if (files.size === 0) return { status: 503, headers: HEADERS, body: 'the page is not built: run npm run build\n' };
  const file = files.get(path === `${BASE}/` ? 'index.html' : path.slice(BASE.length + 1));
  if (file === undefined) return { status: 404, headers: HEADERS, body: 'there is no such file\n' };
  const cached = { ...HEADERS, ETag: file.etag, 'Cache-Control': 'no-cache' };
  if (headers['if-none-match'] === file.etag) return { status: 304, headers: cached, body: '' };
  return { status: 200, type: file.type, headers: cached, body: file.body };
}

export type { FeedMessage };
