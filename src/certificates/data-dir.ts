import { posix, win32 } from 'node:path';
import { TransportError } from '../net/transport-error.js';

/**
 * Where the router keeps what must outlive it, by the customs of each platform: `~/.local/share/clasp-router` (or below
 * XDG_DATA_HOME), `~/Library/Application Support/clasp-router` on macOS, `%LOCALAPPDATA%\clasp-router` on Windows.
 *
 * @param platform as `process.platform` has it
 * @param env as `process.env` has it; an empty variable counts as none
 * @throws TransportError where the environment names no home
 */
export function defaultDataDir(platform: string, env: Readonly<Record<string, string | undefined>>): string {
  const { join, isAbsolute } = platform === 'win32' ? win32 : posix;
  /** A folder below one that a variable names. Relative ones do not count: the XDG specification wants them ignored. */
  const below = (variable: string, ...folders: readonly string[]): string | undefined => {
    const base = env[variable];
    return base !== undefined && isAbsolute(base) ? join(base, ...folders, 'clasp-router') : undefined;
  };
  const found =
    platform === 'win32'
      ? (below('LOCALAPPDATA') ?? below('USERPROFILE', 'AppData', 'Local'))
      : platform === 'darwin'
        ? below('HOME', 'Library', 'Application Support')
        : (below('XDG_DATA_HOME') ?? below('HOME', '.local', 'share'));
  if (found !== undefined) return found;
  throw new TransportError('this user has no home folder to keep data in; choose a folder with --data-dir');
}
