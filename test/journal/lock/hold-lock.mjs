// @ts-check
// Takes the lock of a folder, writes `held` or `locked`, and stays until it is killed.

/** The built module: the type checker runs before the build. */
const built = new URL('../../../dist/journal/lock/folder-lock.js', import.meta.url).href;
/** @type {{ lockFolder(folder: string): Promise<() => Promise<void>> }} */
const { lockFolder } = await import(built);

try {
  await lockFolder(String(process.argv[2]));
  process.stdout.write('held\n');
} catch (error) {
  const isLocked = error instanceof Error && 'code' in error && error.code === 'CLASP_ERR_STORE_LOCKED';
  process.stdout.write(isLocked ? 'locked\n' : `${error}\n`);
}
setInterval(() => {}, 60_000); // the lock does not keep the process alive
