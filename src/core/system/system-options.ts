import { option } from '../../util/option.js';

/** Options of the signals below `/$clasp`. */
export const systemOptions = {
  presence: option.flag({
    default: true,
    doc: 'Publishes the sessions below `/$clasp/sessions`.',
  }),
};
