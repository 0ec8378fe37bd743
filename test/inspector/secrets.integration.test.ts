import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { SignJWT } from 'jose';
import { EMPTY } from 'rxjs';
import {
  authenticator,
  capabilityTokens,
  CpskTokens,
  createCapability,
  createToken,
  jwtSecret,
  jwtTokens,
  type TokenValidator,
} from '../../src/auth/index.js';
import { connect } from '../../src/client/node.js';
import { type Clock, systemClock } from '../../src/util/clock.js';
import { createRouter, type Router, tcp, type Transport, webSocket } from '../../src/index.js';
import { listenerMachine, rootMachine, sessionMachine } from '../../src/embed/index.js';
import { silentLogger } from '../../src/core/ports.js';
import type { TlsSource } from '../../src/certificates/index.js';
import type { Json } from '../../src/inspector/feed.js';
import { createInspector, type Inspector } from '../../src/inspector/inspector.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { testKey } from '../auth/test-keys.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { newCertificate, type TestCertificate, testCertificate } from '../support/certificates.js';
import { FeedPage } from './feed-page.js';
import { found, type Secret, secret } from './traces.js';

const machines = [rootMachine, listenerMachine, sessionMachine];
const clock: Clock = systemClock;
const nowSeconds = Math.floor(Date.now() / 1_000);
const issuer = testKey(7);

let folder: TemporaryFolder;
let certificate: TestCertificate;
let cpsk: CpskTokens | undefined;
let router: Router | undefined;
let page: FeedPage | undefined;
beforeEach(async () => {
  folder = new TemporaryFolder();
  certificate = await testCertificate();
});
afterEach(async () => {
  page?.socket.terminate();
  cpsk?.close();
  await router?.stop();
  [page, cpsk, router] = [undefined, undefined, undefined];
  folder.remove();
});

const source = (credentials: TlsSource['credentials']): TlsSource => ({ credentials, renewed$: EMPTY });

/** Creates a token as `clasp-router token create` does. */
async function created(scopes: string, subject: string): Promise<string> {
  const { token } = await createToken({
    dataDir: folder.path,
    scopes: [scopes],
    subject,
    ttlSeconds: 600,
    nowSeconds,
  });
  return token;
}

const jwt = (key: Uint8Array): Promise<string> =>
  new SignJWT({ write: ['/**'] }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('10m').sign(key);

/** Tokens of a form that cannot be recognized. */
function badges(badge: string): TokenValidator {
  const grant = { tokenId: 'badge 1', subject: 'usher', constraints: [], expiresAtSeconds: undefined };
  return {
    validate: (token) =>
      token === badge ? { kind: 'valid', grant: { ...grant, scopes: parseScopes('write:/**') } } : { kind: 'notMine' },
  };
}

/**
 * Returns everything that the stream for the Stately inspector sends from now on, each event as the relay receives
 * it.
 */
function listenTo({ stately }: Inspector): string[] {
  const told: string[] = [];
  const keep = (events: readonly Json[]): void => {
    for (const event of events) told.push(JSON.stringify(event));
  };
  keep(stately.replay());
  stately.subscribe(keep);
  return told;
}

/** Flushes the pending batch: a new subscriber causes one, since it must not receive earlier events. */
function tellAll({ stately }: Inspector): void {
  stately.subscribe(() => undefined)();
}

describe('the data that the inspector sends', () => {
  it('contains no key, certificate, secret or token, whichever kind of token connects', async () => {
    const jwtKey = randomBytes(48);
    const badge = randomBytes(24).toString('base64url');
    const [desk, admin] = [await created('write:/**', 'desk'), await created('admin:/**', 'manager')];
    const [bearer, forged] = [await jwt(jwtKey), await jwt(randomBytes(48))];
    const scopes = ['write:/**'];
    const capability = createCapability({ key: issuer.privateKey, scopes, expiresAtSeconds: nowSeconds + 600 });
    cpsk = await CpskTokens.open({ dataDir: folder.path, clock, logger: silentLogger });
    const allTokens = authenticator([
      cpsk,
      capabilityTokens({ trustAnchors: [issuer.raw], clock }),
      jwtTokens({ keys: [await jwtSecret(folder.write('jwt-secret', jwtKey))], clock }),
      badges(badge),
    ]);
    const secrets: readonly Secret[] = [
      secret('the private key of TLS', certificate.key),
      secret('the certificate of TLS', certificate.cert),
      secret('the secret of JWTs', jwtKey),
      secret(
        'the private key of capability tokens',
        issuer.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32),
      ),
      secret('a token of the router’s own', desk),
      secret('the token of the page', admin),
      secret('a JWT', bearer),
      secret('a JWT that is no good', forged),
      secret('a capability token', capability),
      secret('a token of an unknown kind', badge),
    ];
    const inspector = createInspector({ machines, logger: silentLogger, authenticator: allTokens });
    const tls = source(certificate);
    // A third-party transport whose options are public members, visible to every XState inspector.
    const outspoken: Transport & { readonly given: object } = {
      ...tcp({ port: 0, host: '127.0.0.1', tls }),
      given: {
        tls: { ...certificate, chain: [certificate.cert], pem: certificate.key },
        headers: [`Bearer ${bearer}`, `Bearer ${forged}`, `Bearer ${desk}`],
        known: new Map([[admin, 'manager']]),
        handedOn: { capability },
        badge: { token: badge },
        jwt: { secret: jwtKey.toString('base64'), bytes: jwtKey },
        signing: issuer.privateKey,
      },
    };
    router = createRouter({
      authenticator: allTokens,
      transports: [webSocket({ port: 0, host: '127.0.0.1', tls, routes: [inspector.route] }), outspoken],
    });
    router.on('stopped', () => {
      tellAll(inspector);
      inspector.close();
    });
    inspector.watch(router);
    const stately = listenTo(inspector);
    const [web, stream] = (await router.start()).map(({ port }) => port);
    const trust = { ca: certificate.ca, servername: 'localhost' };

    page = new FeedPage(inspector.link(`wss://127.0.0.1:${web!}`), trust);
    await page.hears('welcome');
    page.say({ type: 'authenticate', token: forged });
    await page.hears('refused');
    page.say({ type: 'authenticate', token: admin });
    await page.hears('welcome', ({ needsToken }) => !needsToken);
    page.say({ type: 'watch', view: 'stately' });
    page.say({ type: 'watch', view: 'sessions' });
    page.say({ type: 'watch', view: 'signals', pattern: '/**' });
    page.say({ type: 'watch', view: 'traffic', pattern: '/**' });

    const clients = [
      await connect(`wss://127.0.0.1:${web!}`, { ...trust, name: 'by its own token', token: desk }),
      await connect(`wss://127.0.0.1:${web!}`, { ...trust, name: 'by a JWT', token: bearer }),
      await connect(`tls://127.0.0.1:${stream!}`, { ...trust, name: 'by a capability', token: capability }),
      await router.connect({ name: 'by a badge', token: badge }),
    ];
    await expect(connect(`tls://127.0.0.1:${stream!}`, { ...trust, token: forged })).rejects.toMatchObject({
      code: 300,
    });
    for (const [index, client] of clients.entries()) await client.set(`/of/${index}`, index);
    page.say({ type: 'set', id: 1, address: '/of/page', value: 1 });
    expect(await page.hears('done')).toEqual({ type: 'done', id: 1 });

    // Inspects every present actor and its transitions, one after the other.
    const isThere = ({ name }: { readonly name: string }): boolean => name === 'inspector';
    await page.hears('sessions', ({ rows }) => rows.some(isThere));
    const rows = page.messages.flatMap((message) => (message.type === 'sessions' ? message.rows : []));
    const sessions = rows.filter(({ name }) => name.startsWith('by ') || name === 'inspector');
    const { actors } = await page.hears('actors', ({ actors: all }) => all.some(({ name }) => name === 'listener:2'));
    for (const actor of new Set([...actors, ...sessions].map((row) => row.actor))) {
      page.say({ type: 'watch', view: 'actor', actor });
      await page.hears('actor', (message) => message.actor.actor === actor);
    }
    const contexts = page.messages.flatMap((message) => (message.type === 'actor' ? [message.actor.context] : []));
    for (const subject of ['desk', 'manager', 'usher']) {
      expect(JSON.stringify(contexts)).toContain(`"subject":"${subject}"`); // the grant of a token is visible
    }
    await page.hears('signals', ({ rows }) => rows.some(({ address }) => address === '/of/page'));
    await page.hears('traffic', ({ lines }) => lines.some(({ address }) => address === '/of/page'));
    await Promise.all(clients.map((client) => client.close()));
    const says = (events: readonly Json[]): boolean => JSON.stringify(events).includes('connection.closed');
    await page.hears('stately', ({ events }) => says(events));
    const closed = once(page.socket, 'close');
    const replay = inspector.stately.replay().map((event) => JSON.stringify(event));
    await router.stop();
    await closed;

    // Everything was visible.
    for (const event of [
      'hello.received',
      'done.actor.authenticate',
      'error.actor.authenticate',
      'listener.stopping',
    ]) {
      expect(stately.some((text) => text.includes(event)) ? event : 'missing').toBe(event);
    }
    expect(found(secrets, page.raw)).toEqual([]);
    expect(found(secrets, [...stately, ...replay])).toEqual([]);
  });

  it('contains no key if a listener fails because of its certificate', async () => {
    const { key } = await newCertificate(); // of another certificate
    const inspector = createInspector({ machines, logger: silentLogger });
    router = createRouter({
      transports: [webSocket({ port: 0, host: '127.0.0.1', tls: source({ key, cert: certificate.cert }) })],
    });
    inspector.watch(router);
    const stately = listenTo(inspector);
    await expect(router.start()).rejects.toThrow();
    tellAll(inspector);
    expect(stately.join()).toContain('error.actor');
    expect(found([secret('key', key), secret('certificate', certificate.cert)], stately)).toEqual([]);
  });
});

describe('the search for secrets', () => {
  const key =
    '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\nSM49AwEHBG0wawIBAQQgAAAAAAAA\n-----END PRIVATE KEY-----\n';
  const token = 'cpsk_0123456789abcdef0123456789abcdef';
  const bytes = Uint8Array.from({ length: 48 }, (_, at) => 7 * at);
  const secrets = [secret('key', key), secret('token', token), secret('bytes', bytes)];

  it.each<[string, string, unknown]>([
    ['in a string', 'token', { a: [`Bearer ${token}!`] }],
    ['as the name of a member', 'token', { [token]: 1 }],
    ['in JSON inside JSON', 'key', { definition: JSON.stringify({ options: { tls: key } }) }],
    ['as one line of PEM', 'key', [key.split('\n')[2]]],
    ['as a list of numbers', 'bytes', { at: [...bytes] }],
    ['as an object of numbers', 'bytes', { at: bytes }],
    ['in hexadecimal digits', 'bytes', { at: Buffer.from(bytes).toString('hex') }],
    ['in base64', 'bytes', { at: Buffer.from(bytes).toString('base64') }],
  ])('finds one %s', (_, name, told) => {
    expect(found(secrets, [JSON.stringify({ type: 'x' }), JSON.stringify(told)])).toEqual([name]);
  });
});
