/**
 * Errors a user can do something about. Whatever is not one of these is a bug, and is shown with its
 * stack.
 */

/** A mistake of the user or of the environment; the message says where, what and what to do. */
export class UserError extends Error {
  override readonly name: string = 'UserError';

  /**
   * @param message one or more readable lines
   * @param exitCode what a command ends with: 1 when something failed, 2 when it was used wrongly
   */
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}

/** The `code` that Node, SQLite and AMQP errors carry, if there is one. */
export function codeOf(error: unknown): string | number | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : undefined;
}
