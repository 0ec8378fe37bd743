// @ts-check
// Third-party programs: where they are, and their versions.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian installs brokers in folders that are not in an ordinary user's PATH. */
const FURTHER_PLACES = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];

/**
 * @param {string} program its name, or its path if it contains a slash
 * @returns {string | undefined} where it is
 */
export function found(program) {
  const places = isPath(program) ? [''] : [...(process.env.PATH ?? '').split(delimiter), ...FURTHER_PLACES];
  return places.map((place) => join(place, program)).find(isExecutable);
}

/**
 * Returns why a program cannot be started; undefined if it can.
 *
 * @param {string} program its name or path
 */
export function missingProgram(program) {
  if (found(program) !== undefined) return undefined;
  return isPath(program) ? `${program} is not an executable file` : `${program} is not installed`;
}

/**
 * @param {string} program its name or path
 * @param {readonly string[]} args that make it print its version
 * @returns {string | undefined} such as `2.9.10`; undefined if it prints none
 */
export function programVersion(program, args) {
  try {
    const output = execFileSync(found(program) ?? program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return versionIn(output);
  } catch (error) {
    // mosquitto prints its version, and exits with 3.
    return versionIn(error instanceof Error && 'stdout' in error ? String(error.stdout) : '');
  }
}

/** @param {string} output */
function versionIn(output) {
  return /\d+\.\d+\.\d+/.exec(output)?.[0];
}

/** @param {string} program */
function isPath(program) {
  return program.includes('/') || program.includes('\\');
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
