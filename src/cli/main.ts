#!/usr/bin/env node
import { type Logger, pino, stdTimeFunctions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { AuthError, openAuthenticator, type OpenAuthenticatorOptions } from '../auth/index.js';
import { defaultDataDir } from '../certificates/index.js';
import { systemClock } from '../clock.js';
import { RouterOptionsError } from '../options.js';
import { createRouter, type Router } from '../server.js';
import { version } from '../version.js';
import { type Transport, TransportError, TransportUnavailable } from '../transports/transport.js';
import { banner } from './banner.js';
import { prepareDoors } from './doors.js';
import { probes } from './probes.js';
import { readSettings, type Settings, UsageError } from './settings.js';
import { tokenCommand } from './token-command.js';

/** The command `clasp-router`: reads its flags and runs a router until it is told to stop, or does what its first word says. */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args[0] === 'token') {
    await tokenCommand(args.slice(1), {
      platform: process.platform,
      environment: process.env,
      stdout: (text) => process.stdout.write(text),
      stderr: (text) => process.stderr.write(text),
      nowSeconds: systemClock.now() / 1_000,
    });
    return;
  }
  if (args[0] !== undefined && !args[0].startsWith('-')) {
    // Loaded only when it is wanted: a router needs nothing of it.
    const { runToolInProcess } = await import('./tool/process-host.js');
    await runToolInProcess(args);
    return;
  }
  const request = readSettings(args, process.env);
  switch (request.kind) {
    case 'help': {
      const { helpText } = await import('./help.js');
      process.stdout.write(helpText());
      return;
    }
    case 'version':
      process.stdout.write(`${version}\n`);
      return;
    case 'run':
      await run(request.settings);
  }
}

async function run(settings: Settings): Promise<void> {
  const logger = createLogger(settings);
  const { name } = settings;
  const probe = probes(settings, () => router);
  const { transports, certificate } = await prepareDoors(settings, probe.routes, logger);
  const authenticator = settings.auth ? await openAuthenticator({ ...authFiles(settings), logger }) : undefined;
  const router: Router = createRouter({
    name,
    maxSessions: settings.maxSessions,
    sessionTimeoutSeconds: settings.sessionTimeoutSeconds,
    maxSubscriptionsPerSession: settings.maxSubscriptions,
    maxParams: settings.maxParams,
    paramTtlSeconds: settings.paramTtlSeconds,
    allowInsecureUdp: settings.allowInsecureUdp,
    drainTimeoutSeconds: settings.drainTimeoutSeconds,
    authenticator,
    logger,
  });
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
      }),
    );
  }
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
    stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
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

/** A user's mistake is one sentence; a fault of ours keeps its stack, so that it can be reported. */
function fail(error: unknown): never {
  const plain = [UsageError, RouterOptionsError, TransportError, AuthError].some((kind) => error instanceof kind);
  process.stderr.write(
    `clasp-router: ${error instanceof Error ? (plain ? error.message : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
await main().catch(fail);
