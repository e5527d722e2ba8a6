/** What the store's thread and the main thread say to each other. */
import type { SqliteDatabase } from './database.ts';

export interface Call {
  id: number;
  method: keyof SqliteDatabase;
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
