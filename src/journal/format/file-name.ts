/** Kinds of files, in the order of their codes, which start at 1. */
export const fileKinds = ['tail', 'base', 'journal', 'recording'] as const;
export type FileKind = (typeof fileKinds)[number];

/** Facts of a file. Its name contains all of them, so that a damaged header loses nothing. */
export interface FileHeader {
  readonly kind: FileKind;
  /** Generation of params, or sequence number of the first entry of a journal. A safe integer, at least 0. */
  readonly number: number;
  /** Start value of every CRC in the file: 0..2^32-1, random. Blocks of a deleted file therefore never pass. */
  readonly salt: number;
}

/** Extension and least digits of the number. */
const names: Readonly<Record<FileKind, { readonly extension: string; readonly digits: number }>> = {
  tail: { extension: 'tail', digits: 8 },
  base: { extension: 'base', digits: 8 },
  journal: { extension: 'log', digits: 12 },
  recording: { extension: 'rec', digits: 8 },
};

/** Returns the name of a file: decimal number, salt in hexadecimal, extension of the kind. */
export function fileNameOf({ kind, number, salt }: FileHeader): string {
  const { extension, digits } = names[kind];
  return `${number.toString().padStart(digits, '0')}.${salt.toString(16).padStart(8, '0')}.${extension}`;
}

/**
 * Returns the facts in a file name, or undefined if {@link fileNameOf} does not return that name. A recording can have a
 * name without facts, which a user chose.
 */
export function parseFileName(name: string): FileHeader | undefined {
  const [, digits, salt, extension] = /^(\d{8,16})\.([0-9a-f]{8})\.(\w+)$/.exec(name) ?? [];
  const kind = fileKinds.find((candidate) => names[candidate].extension === extension);
  if (digits === undefined || salt === undefined || kind === undefined) return undefined;
  const header: FileHeader = { kind, number: Number(digits), salt: Number.parseInt(salt, 16) };
  return Number.isSafeInteger(header.number) && fileNameOf(header) === name ? header : undefined;
}
