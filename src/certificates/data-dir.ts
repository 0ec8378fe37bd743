import { posix, win32 } from 'node:path';
import { TransportError } from '../net/transport-error.js';

/**
 * Returns the platform's folder for persistent data: `~/.local/share/clasp-router` (or below XDG_DATA_HOME),
 * `~/Library/Application Support/clasp-router` on macOS, `%LOCALAPPDATA%\clasp-router` on Windows.
 *
 * @param platform as `process.platform`
 * @param env as `process.env`; an empty variable counts as unset
 * @throws TransportError if the environment defines no home folder
 */
export function defaultDataDir(platform: string, env: Readonly<Record<string, string | undefined>>): string {
  const { join, isAbsolute } = platform === 'win32' ? win32 : posix;
  /**
   * Returns a folder below the value of a variable. Relative values are ignored, as the XDG specification requires.
   */
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
  throw new TransportError('this user has no home folder for data; choose a folder with the option dataDir');
}
