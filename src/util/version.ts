/**
 * Version of this package. A constant, so that a program that bundles the router needs no package.json; a test compares
 * the two.
 */
export const version = '0.1.0';
