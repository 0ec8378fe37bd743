#!/usr/bin/env node
import { type Logger, pino, stdTimeFunctions } from 'pino';
import { PinoPretty } from 'pino-pretty';
import { RouterOptionsError } from '../options.js';
import { createRouter } from '../server.js';
import { version } from '../version.js';
import { TransportError } from '../transports/transport.js';
import { webSocket } from '../transports/websocket/index.js';
import { banner } from './banner.js';
import { helpText } from './help.js';
import { readSettings, type Settings, UsageError } from './settings.js';

/** The command `clasp-router`: reads its flags, runs a router until it is told to stop. */
async function main(): Promise<void> {
  const request = readSettings(process.argv.slice(2), process.env);
  switch (request.kind) {
    case 'help':
      process.stdout.write(helpText());
      return;
    case 'version':
      process.stdout.write(`${version}\n`);
      return;
    case 'run':
      await run(request.settings);
  }
}

async function run(settings: Settings): Promise<void> {
  const logger = createLogger(settings);
  const { name, port, host } = settings;
  const router = createRouter({
    name,
    maxSessions: settings.maxSessions,
    sessionTimeoutSeconds: settings.sessionTimeoutSeconds,
    maxSubscriptionsPerSession: settings.maxSubscriptions,
    maxParams: settings.maxParams,
    paramTtlSeconds: settings.paramTtlSeconds,
    drainTimeoutSeconds: settings.drainTimeoutSeconds,
    logger,
  });
  stopOnSignals(() => router.stop(), logger);
  router.actor.subscribe({
    complete: () => {
      // A fault of the router's own has ended it, and the log says which: whoever watches over us starts another.
      if (router.actor.getSnapshot().output?.error !== undefined) process.exit(1);
    },
  });
  await router.listen(webSocket({ port, host }));
  if (settings.jsonLog) {
    for (const address of router.addresses) logger.info({ ...address }, `listening on ${address.host}:${address.port}`);
  } else {
    process.stdout.write(banner({ name, version, securityMode: 'open', addresses: router.addresses }));
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
  const plain = error instanceof UsageError || error instanceof RouterOptionsError || error instanceof TransportError;
  process.stderr.write(
    `clasp-router: ${plain ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
await main().catch(fail);
