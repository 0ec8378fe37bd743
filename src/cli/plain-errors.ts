/** Codes of errors whose message is one sentence for the user of the command. Other errors are internal. */
const plainCodes: ReadonlySet<unknown> = new Set([
  'CLASP_ERR_USAGE',
  'CLASP_ERR_OPTIONS',
  'CLASP_ERR_TRANSPORT',
  'CLASP_ERR_TRANSPORT_UNAVAILABLE',
  'CLASP_ERR_AUTH',
  'CLASP_ERR_ROUTER_STATE',
  'CLASP_ERR_STATIC_FILES',
  'CLASP_ERR_STORE_FORMAT',
  'CLASP_ERR_STORE_LOCKED',
  'CLASP_ERR_RELAY_URL',
]);

/** Whether the message of an error is one sentence for the user. */
export function isPlain(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && plainCodes.has(error.code);
}
