import { setFlagsFromString } from 'node:v8';
import type { Logger } from '../core/ports.js';
import { openAuthenticator, type OpenAuthenticatorOptions } from '../auth/index.js';
import { defaultDataDir, type OpenCertificate } from '../certificates/index.js';
import { RouterStoppedError } from '../router/router-stopped-error.js';
import { createRouter } from '../router/create-router.js';
import type { Router } from '../router/router.js';
import { memoryWarning } from '../router/memory-budget.js';
import { parseRouterOptions } from '../router/options.js';
import { staticFiles } from '../http/static-files/index.js';
import type { Transport } from '../transports/transport.js';
import { TransportUnavailable } from '../net/transport-error.js';
import { health } from '../health/index.js';
import { type Service, ServiceError } from '../router/service.js';
import { systemClock } from '../util/clock.js';
import { version } from '../util/version.js';
import { banner, linkOf } from './banner.js';
import { describeFlag, errorInFlags, type FlagNames } from './flag-names.js';
import { prepareListeners } from './listeners.js';
import { inspection } from './inspection.js';
import { logWarnings, openLog } from './log.js';
import { openFilesOfProcess, watchOpenFiles } from './open-files.js';
import { paramsOnDisk } from './params-on-disk.js';
import { leave, leaveAtOnce, type ProcessOutput } from './output/process-output.js';
import type { Request, Settings } from './settings.js';
import { UsageError } from './usage-error.js';
import { v8FlagsFor } from './v8-flags.js';

/** Runs a router until a signal stops it. Its output never delays it, and a closed output is not an error. */
export async function run(request: Extract<Request, { kind: 'run' }>, output: ProcessOutput): Promise<void> {
  for (const flag of v8FlagsFor(process.versions.v8)) setFlagsFromString(flag);
  try {
    await start(request, output);
  } catch (error) {
    throw errorInFlags(error);
  }
}

async function start({ settings, warnings }: Extract<Request, { kind: 'run' }>, output: ProcessOutput): Promise<void> {
  const logger = await openLog(settings, output.stderr);
  logWarnings(logger);
  for (const warning of warnings) logger.warn({}, warning);
  const options = parseRouterOptions(settings.router);
  const { name, maxSessions } = options;
  const warning = memoryWarning(options);
  if (warning !== undefined) logger.warn({}, warning);
  const authenticator = settings.auth ? await openAuthenticator({ ...authFiles(settings), logger }) : undefined;
  const inspector = await inspection(settings);
  const store = paramsOnDisk(settings, logger);
  const { transports, certificate } = await prepareListeners(settings, logger);
  reloadOnHangUp(certificate, logger);
  const router = createRouter({
    ...settings.router,
    authenticator,
    services: [
      ...(store === undefined ? [] : [store.service]), // first, so that it stops last
      probes(settings),
      ...(inspector === undefined ? [] : [inspector]),
      ...folders(settings),
    ],
    logger,
  });
  watchOpenFiles(openFilesOfProcess(), maxSessions, systemClock, logger);
  stopOnSignals(() => router.stop(), logger, output);
  router.actor.subscribe({
    complete: () => {
      // An internal error has ended the router and is in the log. A process manager can restart it.
      if (router.actor.getSnapshot().output?.error !== undefined) void leave(output, 1);
    },
  });
  await startServices(router);
  for (const transport of transports) await listen(router, transport, logger);
  if (router.isStopping) return;
  const inspectorLink = settings.inspect ? (url: string) => inspector?.link(url) : undefined;
  if (settings.jsonLog) {
    if (certificate !== undefined) logger.info({ fingerprint: certificate.fingerprint }, 'certificate');
    for (const address of router.addresses) logger.info({ ...address }, `listening on ${address.host}:${address.port}`);
    const link = inspectorLink && linkOf(router.addresses, inspectorLink);
    if (link !== undefined) logger.info({ inspector: link }, 'the inspector is available at this link');
  } else {
    output.stdout.write(
      banner({
        name,
        version,
        securityMode: settings.auth ? 'authenticated' : 'open',
        addresses: router.addresses,
        certificate,
        dataDir: settings.dataDir,
        storeFolder: store?.folder(),
        inspectorLink,
      }),
    );
  }
}

function probes({ healthPort, healthHost, metrics, allowHosts, trustedProxies }: Settings): Service {
  const rules = { allowHosts, trustedProxies, describeOption: describeFlag };
  return health({ metrics, port: healthPort, host: healthHost, ...rules });
}

/** @throws UsageError */
function folders({ staticFolders, websocket }: Settings): readonly Service[] {
  if (staticFolders.length > 0 && !websocket) {
    throw new UsageError('--static needs the WebSocket port; leave out --no-websocket');
  }
  return [...new Set(staticFolders)].map((folder) => staticFiles({ folder }));
}

/** Starts the services of a router. The user reads the reason of a failure, which names the file or the port. */
async function startServices(router: Router): Promise<void> {
  try {
    await router.start();
  } catch (error) {
    if (error instanceof RouterStoppedError) return; // a signal arrived first, and its handler ends the process
    const reason = error instanceof ServiceError && error.cause instanceof Error ? error.cause : error;
    // Health and metrics are the only service with a port.
    throw errorInFlags(
      reason,
      new Map([
        ['port', 'health-port'],
        ['host', 'health-host'],
      ]),
    );
  }
}

/** Returns the files of tokens and keys that the settings name. */
function authFiles(settings: Settings): Omit<OpenAuthenticatorOptions, 'logger'> {
  const { jwtSecretPath, jwtKeyPath, jwksPath, jwtIssuer, jwtAudience, trustAnchorPaths } = settings;
  const dataDir = settings.dataDir ?? defaultDataDir(process.platform, process.env);
  return { dataDir, jwtSecretPath, jwtKeyPath, jwksPath, jwtIssuer, jwtAudience, trustAnchorPaths };
}

/** The flags of options that several transports have. */
const flagsOf: ReadonlyMap<string, FlagNames> = new Map(
  ['tcp', 'udp', 'quic'].map((transport) => [transport, new Map([['port', `${transport}-port`]])]),
);

/** Opens a listener. If this installation does not support its transport, the others still open. */
async function listen(router: Router, transport: Transport, logger: Logger): Promise<void> {
  try {
    await router.listen(transport);
  } catch (error) {
    if (error instanceof RouterStoppedError) return; // a signal arrived first, and its handler ends the process
    if (!(error instanceof TransportUnavailable)) throw errorInFlags(error, flagsOf.get(transport.name));
    logger.warn({ transport: transport.name }, error.message);
  }
}

/** The first signal stops the router gracefully, the second ends the process at once. */
function stopOnSignals(stop: () => Promise<void>, logger: Logger, output: ProcessOutput): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) leaveAtOnce(output, 1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    // If this fails, the process ends as for any other internal error.
    void stop().then(() => leave(output, 0));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  // The console window was closed: Windows ends the process a few seconds later.
  if (process.platform === 'win32') process.on('SIGHUP', onSignal);
}

/** SIGHUP renews the certificate. It never ends the router, not even if its terminal was closed. */
function reloadOnHangUp(certificate: OpenCertificate | undefined, logger: Logger): void {
  if (process.platform === 'win32') return;
  process.on('SIGHUP', () => {
    if (certificate === undefined)
      logger.info({ signal: 'SIGHUP' }, 'nothing to reload: the router has no certificate');
    else void certificate.reload();
  });
}
