/** What a thread of the store and the main thread say to each other. */

/** The thread that writes does all but read the log, which has a thread of its own while somebody asks. */
export type Role = 'writer' | 'log';

export interface Call {
  id: number;
  method: string;
  args: unknown[];
}

/** An error, in a form that crosses threads without losing its code. */
export interface Failure {
  message: string;
  code: string | number | undefined;
  stack: string | undefined;
  isUserError: boolean;
}

export type Answer = { id: number; value: unknown } | { id: number; failure: Failure };

/** Sent once, before any answer. */
export type Ready = { ready: true } | { ready: false; failure: Failure };

/** Sent once, of its own accord, when the files of the database are gone: why. */
export interface Missing {
  missing: string;
}
