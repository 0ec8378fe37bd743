import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test. All users can enter it, so that only files in it can be unreadable. */
export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'clasp-certificates-'));

  constructor() {
    chmodSync(this.path, 0o755);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** @returns its path */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.at(name), content);
    return this.at(name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs as a user with restricted permissions, also if the tests run as root. */
export async function asOrdinaryUser<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(65_534); // the unprivileged user id of most systems
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}
