/**
 * Names that Windows interprets as a device, as a short form of another name, or as the same name without its suffix.
 */
const ambiguousOnWindows = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)|~\d|[. ]$/i;

/**
 * Splits the path of a URL into the names of folders and a file. The last name is empty for a folder.
 *
 * @param path without the leading slash; percent-encoding is not decoded
 * @returns undefined if a name is not served: it starts with a dot, is invalid, or has another meaning to the system
 */
export function servedNames(path: string, isWindows = process.platform === 'win32'): readonly string[] | undefined {
  const names: string[] = [];
  for (const encoded of path.split('/')) {
    const name = decoded(encoded);
    if (name === undefined || name.startsWith('.') || /[\\/\0:]/.test(name)) return undefined;
    if (isWindows && ambiguousOnWindows.test(name)) return undefined;
    names.push(name);
  }
  const isName = (name: string, i: number): boolean => name !== '' || i === names.length - 1;
  return names.every(isName) ? names : undefined;
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
