import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The 32 bytes of the public key. */
  readonly raw: Uint8Array;
  /** The public key in PEM. */
  readonly pem: string;
}

/** Returns an Ed25519 key whose seed repeats one byte. Keys and signatures are the same in every run (RFC 8032). */
export function testKey(seed: number): TestKey {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return {
    privateKey,
    publicKey,
    raw: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)),
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}
