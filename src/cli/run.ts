import { type Logger, pino, stdTimeFunctions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { openAuthenticator, type OpenAuthenticatorOptions } from '../auth/index.js';
import { defaultDataDir } from '../certificates/index.js';
import { createRouter, type Router } from '../server.js';
import { staticFiles } from '../static-files/index.js';
import { type Transport, TransportUnavailable } from '../transports/transport.js';
import type { HttpRoute } from '../transports/websocket/index.js';
import { version } from '../version.js';
import { banner } from './banner.js';
import { prepareDoors } from './doors.js';
import { inspection } from './inspection.js';
import { probes } from './probes.js';
import { type Settings, UsageError } from './settings.js';

/** Runs a router until it is told to stop. */
export async function run(settings: Settings): Promise<void> {
  const logger = createLogger(settings);
  const { name } = settings;
  const probe = probes(settings, () => router);
  const authenticator = settings.auth ? await openAuthenticator({ ...authFiles(settings), logger }) : undefined;
  const looking = await inspection(settings, authenticator, logger);
  const routes = [...probe.routes, ...looking.routes, ...(await folders(settings))];
  const { transports, certificate } = await prepareDoors(settings, routes, logger);
  const router: Router = createRouter({
    name,
    maxSessions: settings.maxSessions,
    sessionTimeoutSeconds: settings.sessionTimeoutSeconds,
    maxSubscriptionsPerSession: settings.maxSubscriptions,
    maxMessagesPerSecond: settings.maxMessagesPerSecond,
    maxParams: settings.maxParams,
    paramTtlSeconds: settings.paramTtlSeconds,
    allowInsecureUdp: settings.allowInsecureUdp,
    drainTimeoutSeconds: settings.drainTimeoutSeconds,
    authenticator,
    logger,
  });
  looking.begin(router);
  stopOnSignals(() => router.stop(), logger);
  router.actor.subscribe({
    complete: () => {
      // A fault of the router's own has ended it, and the log says which: whoever watches over us starts another.
      if (router.actor.getSnapshot().output?.error !== undefined) process.exit(1);
    },
  });
  for (const transport of transports) await listen(router, transport, logger);
  await probe.open(logger);
  if (certificate !== undefined) {
    process.on('SIGHUP', () => void certificate.reload());
    if (settings.jsonLog) logger.info({ fingerprint: certificate.fingerprint }, 'certificate');
  }
  if (settings.jsonLog) {
    for (const address of router.addresses) logger.info({ ...address }, `listening on ${address.host}:${address.port}`);
  } else {
    process.stdout.write(
      banner({
        name,
        version,
        securityMode: settings.auth ? 'authenticated' : 'open',
        addresses: router.addresses,
        certificate,
        dataDir: settings.dataDir,
        hasInspector: settings.inspect,
      }),
    );
  }
}

async function folders({ staticFolders, websocket }: Settings): Promise<readonly HttpRoute[]> {
  if (staticFolders.length > 0 && !websocket) {
    throw new UsageError('--static needs the WebSocket port; leave out --no-websocket');
  }
  return Promise.all(staticFolders.map((folder) => staticFiles({ folder })));
}

/** Where the tokens and keys are that the settings name. */
function authFiles(settings: Settings): Omit<OpenAuthenticatorOptions, 'logger'> {
  const { jwtSecretPath, jwtKeyPath, jwksPath, jwtIssuer, jwtAudience, trustAnchorPaths } = settings;
  const dataDir = settings.dataDir ?? defaultDataDir(process.platform, process.env);
  return { dataDir, jwtSecretPath, jwtKeyPath, jwksPath, jwtIssuer, jwtAudience, trustAnchorPaths };
}

/** A door this installation cannot have is no reason to keep the others shut. */
async function listen(router: Router, transport: Transport, logger: Logger): Promise<void> {
  try {
    await router.listen(transport);
  } catch (error) {
    if (!(error instanceof TransportUnavailable)) throw error;
    logger.warn({ transport: transport.name }, error.message);
  }
}

/** The first signal stops in good order, the second at once. */
function stopOnSignals(stop: () => Promise<void>, logger: Logger): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    // One that fails is a fault of ours, which ends the process as any other that nobody catches.
    void stop().then(() => process.exit(0));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

/** Lines for people, or JSON for machines; on stderr, so that stdout holds what the command was asked for. */
function createLogger({ logLevel, jsonLog }: Settings): Logger {
  const options = { level: logLevel, base: null, timestamp: stdTimeFunctions.isoTime };
  if (jsonLog) return pino(options, pino.destination({ fd: 2, sync: true }));
  return pino(options, PinoPretty({ destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss.l', singleLine: true }));
}
