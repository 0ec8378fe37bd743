import { readdirSync, readFileSync } from 'node:fs';
import { fromHex } from './hex.js';
import type { PlainObject } from './plain.js';

/** The golden vectors as stored; `test/vectors/README.md` states their origin. */
export interface MessageVector {
  readonly name: string;
  readonly hex: string;
  readonly message: PlainObject;
  readonly frame: {
    readonly qos: number;
    readonly timestamp?: number | { readonly $bigint: string };
    readonly encrypted?: true;
    readonly compressed?: true;
  };
  readonly direction: 'both' | 'decode-only';
  readonly reencode?: string;
  readonly encodeInput?: PlainObject;
  readonly policy?: 'may refuse' | 'recommended leniency';
  readonly tcpHex?: string;
}

export type LargeVector =
  | {
      readonly name: string;
      readonly direction: 'both';
      readonly hexRle: readonly (readonly [hex: string, times: number])[];
      readonly bytes: number;
      readonly sha256: string;
      readonly message: PlainObject;
      readonly frame: MessageVector['frame'];
    }
  | {
      readonly name: string;
      readonly direction: 'encode-refuse';
      readonly message: PlainObject;
      readonly error: string;
    };

export interface MalformedVector {
  readonly name: string;
  readonly hex: string;
  readonly error: string;
  readonly policy?: 'recommended limit' | 'optional';
}

export interface AddressMatch {
  readonly pattern: string;
  readonly address: string;
  readonly expect: boolean | 'refused';
}

/** The shape of each file's entries, wire.md 19. */
export interface VectorShapes extends Record<MessageVectorFile, MessageVector> {
  readonly 'large.json': LargeVector;
  readonly 'malformed.json': MalformedVector;
  readonly 'address-match.json': AddressMatch;
}

export type VectorFile = keyof VectorShapes;

export type MessageVectorFile = (typeof binaryVectorFiles)[number] | 'legacy-msgpack.json';

export const binaryVectorFiles = [
  'frame.json',
  'hello-welcome.json',
  'subscribe.json',
  'publish.json',
  'set.json',
  'values.json',
  'get-snapshot.json',
  'bundle.json',
  'sync-ping.json',
  'ack-error.json',
  'announce-query.json',
  'replay-federation.json',
  'clients.json',
] as const;

const folder = new URL('../vectors/', import.meta.url);

/** The `.json` files in the folder. */
export function vectorFiles(): readonly string[] {
  return readdirSync(folder).filter((file) => file.endsWith('.json'));
}

export function readVectors<F extends VectorFile>(file: F): readonly VectorShapes[F][] {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as VectorShapes[F][]; // golden files, never edited
}

/** Title of a test for the entry; unique within its file. */
export function vectorName(vector: VectorShapes[VectorFile]): string {
  return 'name' in vector ? vector.name : `${vector.pattern} ~ ${vector.address}`;
}

/** Frames of the vectors, valid and malformed, as input for mutations. Those of `large.json` are excluded. */
export function vectorFrames(): readonly Uint8Array[] {
  const files = [...binaryVectorFiles, 'legacy-msgpack.json', 'malformed.json'] as const;
  return files.flatMap((file) => readVectors(file).map(({ hex }) => fromHex(hex)));
}
