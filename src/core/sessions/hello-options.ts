import { signalTypes } from '../../protocol/enumerations.js';
import { option } from '../../util/option.js';

/** Options of the handshake. */
export const helloOptions = {
  name: option.text({
    default: 'CLASP Router',
    maxLength: 255,
    doc: 'Name of the router in WELCOME; 1 to 255 characters.',
  }),
  features: option.list({
    values: signalTypes,
    default: signalTypes,
    defaultText: 'all five',
    doc: 'Features in WELCOME: any of the five signal types.',
  }),
  securityMode: option.choice({
    values: ['open', 'authenticated'],
    derived: {
      text: "'authenticated' with an authenticator, otherwise 'open'",
      of: ({ isAuthenticated }) => (isAuthenticated ? 'authenticated' : 'open'),
    },
    doc: 'Whether HELLO needs a token.',
  }),
};

/** The limit of undecodable frames. */
export const malformedOptions = {
  maxMalformedPerMinute: option.count({
    least: 1,
    default: 100,
    doc: 'Maximum malformed frames per minute. Above it the session is closed.',
  }),
};
