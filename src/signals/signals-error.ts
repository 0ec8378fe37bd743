/** A declaration that cannot be meant as it stands. The message is one plain sentence that names it. */
export class SignalsError extends Error {
  override readonly name = 'SignalsError';
}
