import { describe, expect, it } from '@jest/globals';
import { webSocket } from '../../src/transports/websocket/index.js';
import { TransportError } from '../../src/net/transport-error.js';
import { newCertificate } from '../support/certificates.js';
import {
  certificate,
  TestSource,
  SecureClient,
  open,
  connected,
  handshake,
  expectAlive,
  fingerprintOf,
} from './websocket-tls-harness.js';
import { portOf } from '../support/open-listener.js';
import { local } from './websocket-harness.js';

describe('a certificate that is renewed', () => {
  it('is used for new connections, and leaves the others open', async () => {
    const renewing = new TestSource(certificate);
    const { listener, client, connection, inbox } = await connected({ tls: renewing });
    const renewed = await newCertificate();
    expect(fingerprintOf(renewed)).not.toBe(fingerprintOf(certificate));
    renewing.renewed$.next(renewed);
    await expectAlive(client, connection, inbox);
    const { secured } = await handshake(listener, { ca: renewed.ca });
    expect(secured.getPeerX509Certificate()?.fingerprint256).toBe(fingerprintOf(renewed));
    await expect(handshake(listener)).rejects.toThrow(); // only the old one is trusted here
    await SecureClient.connect(listener, { ca: renewed.ca });
    await expectAlive(client, connection, inbox);
  });

  it('does not enable TLS 1.1', async () => {
    const renewing = new TestSource(certificate);
    const { listener } = await open({ tls: renewing });
    renewing.renewed$.next(await newCertificate());
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await expect(handshake(listener, old)).rejects.toThrow(/protocol version|ECONNRESET/);
  });

  it('is ignored if it is invalid, and the source can fail', async () => {
    const renewing = new TestSource(certificate);
    const { listener } = await open({ tls: renewing });
    renewing.renewed$.next({ key: 'no PEM', cert: 'no PEM' });
    renewing.renewed$.next({ key: (await newCertificate()).key, cert: certificate.cert });
    renewing.renewed$.error(new Error('broken'));
    await SecureClient.connect(listener);
  });

  it('is ignored by a listener that is closed, or never opened', async () => {
    const renewing = new TestSource(certificate);
    const { listener } = await open({ tls: renewing });
    expect(renewing.renewed$.observed).toBe(true);
    const another = new TestSource(certificate);
    const taken = webSocket({ ...local, port: portOf(listener), tls: another });
    await expect(taken.listen()).rejects.toThrow('already in use');
    expect(another.renewed$.observed).toBe(false);
    await listener.close();
    expect(renewing.renewed$.observed).toBe(false);
  });
});

describe('an invalid certificate', () => {
  it.each([
    ['no PEM', () => ({ key: 'nothing', cert: 'nothing' }), /^TLS rejects this certificate .+; provide both as PEM/],
    [
      'a key of another certificate',
      async () => ({ key: (await newCertificate()).key, cert: certificate.cert }),
      'the private key does not belong to the certificate; provide a matching pair',
    ],
  ])('is rejected with one sentence: %s', async (_, make, sentence) => {
    const unusable = new TestSource(await make());
    const error: unknown = await webSocket({ ...local, tls: unusable })
      .listen()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransportError);
    expect((error as TransportError).message).toMatch(sentence);
    expect(unusable.renewed$.observed).toBe(false);
  });
});
