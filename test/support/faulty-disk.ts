import type { Files, GrowingFile } from '../../src/journal/files/files.js';

/** The methods of {@link Files} and of its files that a test can disturb. */
export type DiskCall =
  | 'makeFolder'
  | 'create'
  | 'read'
  | 'list'
  | 'rename'
  | 'remove'
  | 'syncFolder'
  | 'freeBytes'
  | 'append'
  | 'sync'
  | 'close';

/**
 * What a call does instead of its work: fails with a code, writes a part, never returns until {@link
 * FaultyDisk.release}, or succeeds although nothing becomes durable.
 */
export type Fault = { readonly code: string } | 'short' | 'hang' | 'lie';

const SECTOR_BYTES = 512;
/** Bytes that one step of a read returns. */
const PIECE_BYTES = 333;

interface Content {
  bytes: Uint8Array;
  /** Bytes from the start that are on disk. */
  syncedBytes: number;
}

type NameChange =
  | { readonly type: 'create'; readonly path: string; readonly content: Content }
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'remove'; readonly path: string };

/**
 * A disk in memory that loses what was not synced: sectors of 512 bytes, new names, renames and removals. A test decides
 * what each call does, and when the power fails. All work is done in microtasks.
 */
export class FaultyDisk implements Files {
  /** Calls so far. */
  calls = 0;
  /** Decides what a call does; undefined = its work. @param n number of the call, from 1 */
  disturb: (n: number, call: DiskCall, path: string) => Fault | undefined = () => undefined;
  freeSpace = Infinity;
  #names = new Map<string, Content>();
  /** The names that are on disk. */
  #syncedNames = new Map<string, Content>();
  /** Later changes, in their order. */
  #changes: NameChange[] = [];
  #folders = new Set<string>();
  #hanging: (() => void)[] = [];
  #isOff = false;

  /** Paths of all files, sorted. */
  get paths(): readonly string[] {
    return [...this.#names.keys()].sort();
  }

  contentOf(path: string): Uint8Array {
    return this.#existing(path).bytes;
  }

  /** Adds a file that is on disk, or replaces it. */
  put(path: string, bytes: Uint8Array): void {
    const content = { bytes, syncedBytes: bytes.length };
    this.#names.set(path, content);
    this.#syncedNames.set(path, content);
  }

  /** Lets the hanging calls do their work. */
  release(): void {
    for (const resume of this.#hanging.splice(0)) resume();
  }

  /**
   * Returns the disk after a power failure at this instant. This one takes no more calls.
   *
   * @param random from 0 to 1, excluding 1: decides what of the unsynced data is on disk
   */
  crash(random: () => number): FaultyDisk {
    this.#isOff = true;
    const after = new FaultyDisk();
    const names = new Map(this.#syncedNames);
    for (const change of this.#changes) if (random() < 0.5) applyChange(names, change);
    const contents = new Map<Content, Content>();
    for (const [path, content] of names) {
      let kept = contents.get(content);
      if (kept === undefined) contents.set(content, (kept = survivorOf(content, random)));
      after.#names.set(path, kept);
      after.#syncedNames.set(path, kept);
    }
    after.#folders = new Set(this.#folders);
    return after;
  }

  /** Returns the disk after the end of the process: nothing that was written is lost. */
  kill(): FaultyDisk {
    this.#isOff = true;
    const after = new FaultyDisk();
    for (const [path, { bytes }] of this.#names) after.put(path, bytes);
    after.#folders = new Set(this.#folders);
    return after;
  }

  async makeFolder(path: string): Promise<void> {
    await this.#call('makeFolder', path);
    this.#folders.add(path);
  }

  async create(path: string): Promise<GrowingFile> {
    await this.#call('create', path);
    if (this.#names.has(path)) throw fault('EEXIST');
    const content: Content = { bytes: new Uint8Array(0), syncedBytes: 0 };
    this.#change({ type: 'create', path, content });
    return {
      append: async (parts) => {
        const done = await this.#call('append', path);
        const all = Buffer.concat(parts);
        const taken = done === 'short' ? all.subarray(0, all.length >> 1) : all;
        content.bytes = Buffer.concat([content.bytes, taken]);
        return taken.length;
      },
      sync: async () => {
        if ((await this.#call('sync', path)) !== 'lie') content.syncedBytes = content.bytes.length;
      },
      close: async () => {
        await this.#call('close', path);
      },
    };
  }

  async *read(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    await this.#call('read', path);
    const { bytes } = this.#existing(path);
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.slice(at, at + PIECE_BYTES);
  }

  async list(folder: string): Promise<readonly string[]> {
    await this.#call('list', folder);
    const names = new Set<string>();
    for (const path of [...this.#names.keys(), ...this.#folders]) {
      if (path.startsWith(`${folder}/`)) names.add(path.slice(folder.length + 1).split('/')[0]!); // split gives one
    }
    return [...names].sort();
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call('rename', from);
    this.#existing(from);
    this.#change({ type: 'rename', from, to });
  }

  async remove(path: string): Promise<void> {
    await this.#call('remove', path);
    for (const name of this.paths) {
      if (name === path || name.startsWith(`${path}/`)) this.#change({ type: 'remove', path: name });
    }
    for (const folder of this.#folders)
      if (folder === path || folder.startsWith(`${path}/`)) this.#folders.delete(folder);
  }

  async syncFolder(path: string): Promise<void> {
    if ((await this.#call('syncFolder', path)) === 'lie') return;
    const isOther = (change: NameChange): boolean => !pathsOf(change).some((name) => folderOf(name) === path);
    for (const change of this.#changes) if (!isOther(change)) applyChange(this.#syncedNames, change);
    this.#changes = this.#changes.filter(isOther);
  }

  async freeBytes(folder: string): Promise<number> {
    await this.#call('freeBytes', folder);
    return this.freeSpace;
  }

  /** @returns what disturbs the call, unless it fails */
  async #call(call: DiskCall, path: string): Promise<'short' | 'lie' | undefined> {
    const disturbed = this.disturb(++this.calls, call, path);
    if (this.#isOff) return new Promise(() => undefined);
    if (disturbed === 'hang') {
      await new Promise<void>((resolve) => this.#hanging.push(resolve));
      return undefined;
    }
    await Promise.resolve();
    if (typeof disturbed === 'object') throw fault(disturbed.code);
    return disturbed;
  }

  #existing(path: string): Content {
    const content = this.#names.get(path);
    if (content === undefined) throw fault('ENOENT');
    return content;
  }

  #change(change: NameChange): void {
    applyChange(this.#names, change);
    this.#changes.push(change);
  }
}

function applyChange(names: Map<string, Content>, change: NameChange): void {
  switch (change.type) {
    case 'create':
      names.set(change.path, change.content);
      return;
    case 'remove':
      names.delete(change.path);
      return;
    case 'rename': {
      const content = names.get(change.from);
      if (content === undefined) return; // its creation was lost
      names.delete(change.from);
      names.set(change.to, content);
    }
  }
}

function pathsOf(change: NameChange): readonly string[] {
  return change.type === 'rename' ? [change.from, change.to] : [change.path];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Each unsynced sector is on disk or not; a lost one before others that are not lost reads as zeros. */
function survivorOf({ bytes, syncedBytes }: Content, random: () => number): Content {
  const kept = Uint8Array.from(bytes);
  let end = syncedBytes;
  for (let at = syncedBytes; at < bytes.length; at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES) {
    const next = Math.min((Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES, bytes.length);
    if (random() < 0.5) end = next;
    else kept.fill(0, at, next);
  }
  const survived = kept.slice(0, end);
  return { bytes: survived, syncedBytes: survived.length };
}

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
