/**
 * Returns the words that name an option in a text for a user: `the option allowHosts`, or `--allow-host` in a program
 * with flags.
 */
export type DescribeOption = (name: string) => string;

/** For programs, which set options by their names. */
export const describeOption: DescribeOption = (name) => `the option ${name}`;
