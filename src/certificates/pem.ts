/** One block of a PEM text (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY`, ... */
  readonly label: string;
  /** From `-----BEGIN` to the last dash. */
  readonly pem: string;
}

/** Returns every complete block, in order; other text is skipped. */
export function pemBlocks(text: string): readonly PemBlock[] {
  return [...text.matchAll(/-----BEGIN (?<label>[A-Z0-9 ]+)-----[^]*?-----END \k<label>-----/g)].map((match) => ({
    label: match.groups!.label!, // the expression defines that group
    pem: match[0],
  }));
}
