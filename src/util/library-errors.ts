/**
 * Codes of errors that are never sent, with their meaning for the program that catches them. `docs/reference/errors.md` contains
 * the same table; a test compares the two. Programs must use the code: names and texts of errors can change.
 */
export const libraryErrors = {
  CLASP_ERR_ARGUMENT:
    'An argument is missing, has the wrong type, is out of range, or names an unknown option. Nothing was done.',
  CLASP_ERR_AUTH: 'A file of tokens or keys cannot be used.',
  CLASP_ERR_BODY_TOO_LARGE: 'The body of a request to a route is larger than 65,536 bytes.',
  CLASP_ERR_CAPABILITY: 'A capability token is malformed, or its chain is not valid.',
  CLASP_ERR_CLOSED: 'The client was closed.',
  CLASP_ERR_CONNECTION_LOST: 'A connection ended without being closed.',
  CLASP_ERR_LISTENER: 'A listener of the program threw. The cause is what it threw.',
  CLASP_ERR_LOST: 'The connection was lost before the answer. The request may have taken effect.',
  CLASP_ERR_OFFLINE: 'The client has no connection at the moment. Nothing was sent.',
  CLASP_ERR_OPTIONS: 'An option of the router is unknown, out of range, or contradicts another.',
  CLASP_ERR_OVERLOADED: 'More waits than the limit allows. Nothing was sent.',
  CLASP_ERR_RELAY_URL: 'The address of the inspector relay is not that of a WebSocket server.',
  CLASP_ERR_RESTORE: 'A router was restored with the actor around it. The state of the error is for a new router.',
  CLASP_ERR_ROUTER_STATE: 'A saved state is damaged, or is not that of a router.',
  CLASP_ERR_ROUTER_STOPPED: 'The router was stopped.',
  CLASP_ERR_SERVICE: 'A service of the router did not start. The services before it were stopped.',
  CLASP_ERR_SIGNALS: 'A declaration given to defineSignals is wrong, or contradicts another.',
  CLASP_ERR_STATIC_FILES: 'A folder cannot be served.',
  CLASP_ERR_STORE_FORMAT: 'A file of the store was written by a newer version. It was not changed.',
  CLASP_ERR_STORE_LOCKED: 'Another router uses the folder of the store.',
  CLASP_ERR_SYSTEM: 'The actor system has no router with this system id, or has two of them.',
  CLASP_ERR_TIMEOUT: 'The router did not answer in time. The request may have taken effect.',
  CLASP_ERR_TRANSPORT: 'A transport cannot listen, or does not work as one.',
  CLASP_ERR_TRANSPORT_UNAVAILABLE: 'This installation lacks what the transport needs.',
  CLASP_ERR_UNANSWERED: 'The router answered later requests and not this one. It may have dropped it.',
  CLASP_ERR_UNREACHABLE: 'The client did not get a connection, or no WELCOME on it.',
} as const;

export type LibraryErrorCode = keyof typeof libraryErrors;
