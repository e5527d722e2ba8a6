/** There is no request to be made of a subscription and an event, and there will be none at the next attempt. */
export class UnsendableError extends Error {
  override readonly name = 'UnsendableError';
}
