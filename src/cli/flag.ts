/** A flag of a command, as the parser and the help need it. */
export interface Flag {
  readonly short?: string | undefined;
  /** The placeholder of the value in the help; absent for a switch. */
  readonly value?: string | undefined;
  /** The default in the help. */
  readonly fallback?: string | undefined;
  /** Whether all occurrences apply. Of another flag only the last one applies. */
  readonly isRepeatable?: boolean | undefined;
  /** Whether an environment variable can set it: CLASP_URL for `--url`. */
  readonly inEnvironment?: boolean | undefined;
  /** The heading in the help. @default Options */
  readonly topic?: string | undefined;
  readonly help: string;
}

/** The command line of a command: the table of which its parser and its help are made. */
export interface CommandLine {
  /** `clasp-router set`. */
  readonly name: string;
  /** The parameters. Brackets: optional. Dots: repeatable. */
  readonly parameters: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
}

/** Returns CLASP_MAX_SESSIONS for `max-sessions`. */
export function environmentName(flag: string): string {
  return `CLASP_${flag.toUpperCase().replaceAll('-', '_')}`;
}
