import { systemClock } from '../util/clock.js';
import { listenerMachine } from '../actors/listener/listener-machine.js';
import type { Authenticator, Logger } from '../core/ports.js';
import { rootMachine } from '../actors/root/root-machine.js';
import { sessionMachine } from '../actors/session/session-machine.js';
import type { Router } from '../router/create-router.js';
import type { HttpRoute } from '../http/index.js';
import { version } from '../util/version.js';
import { type Settings, UsageError } from './settings.js';

/** The inspector and its relay. */
export interface Inspection {
  /** Routes for the WebSocket port. */
  readonly routes: readonly HttpRoute[];
  /** Returns the link to the page of a router at a URL, with its key; undefined without a page. */
  readonly link: ((url: string) => string) | undefined;
  /** Starts to observe a router. Ends when the router stops. */
  begin(router: Router): void;
}

/** @throws UsageError, RelayUrlError */
export async function inspection(
  settings: Settings,
  authenticator: Authenticator | undefined,
  logger: Logger,
): Promise<Inspection> {
  const { allowHosts, inspect, inspectRemote, inspectRelayUrl, name, websocket } = settings;
  if (!inspect && inspectRelayUrl === undefined) return { routes: [], link: undefined, begin: () => undefined };
  if (inspect && !websocket) throw new UsageError('--inspect needs the WebSocket port; leave out --no-websocket');
  // Loaded only if it is used.
  const { createInspector, feedRelay } = await import('../inspector/index.js');
  const inspector = createInspector({
    name,
    version,
    authenticator,
    isRemote: inspectRemote,
    allowHosts,
    machines: [rootMachine, listenerMachine, sessionMachine],
    logger,
  });
  const relay =
    inspectRelayUrl === undefined
      ? undefined
      : feedRelay({ url: inspectRelayUrl, stream: inspector.stately, logger, clock: systemClock });
  return {
    routes: inspect ? [inspector.route] : [],
    link: inspect ? (url) => inspector.link(url) : undefined,
    begin(router) {
      inspector.watch(router);
      router.on('stopped', () => {
        inspector.close();
        relay?.close();
      });
    },
  };
}
