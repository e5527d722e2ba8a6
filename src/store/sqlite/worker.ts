/** The store's thread: takes calls by message, one after the other, and answers each. */
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, messageOf, UserError } from '../../errors.ts';
import { SqliteDatabase } from './database.ts';
import { openDatabase } from './open.ts';
import { type PackedBatch, unpackBatch } from './packed-batch.ts';
import type { Answer, Call, Failure, Ready } from './protocol.ts';

if (parentPort === null) throw new Error('this file runs as a worker thread');
const port = parentPort;

function describe(error: unknown): Failure {
  return {
    message: messageOf(error),
    code: codeOf(error),
    stack: error instanceof Error ? error.stack : undefined,
    isUserError: error instanceof UserError,
  };
}

/** A batch comes packed; everything else as it is. */
function call(store: SqliteDatabase, method: Call['method'], args: unknown[]): unknown {
  const given = method === 'commit' ? [unpackBatch(args[0] as PackedBatch)] : args;
  return (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(...given);
}

try {
  const { database, release } = openDatabase((workerData as { file: string }).file);
  const store = new SqliteDatabase(database);
  port.on('message', ({ id, method, args }: Call) => {
    try {
      const value = call(store, method, args);
      port.postMessage({ id, value } satisfies Answer);
    } catch (error) {
      port.postMessage({ id, failure: describe(error) } satisfies Answer);
    }
    if (method === 'close') {
      release();
      port.close();
    }
  });
  port.postMessage({ ready: true } satisfies Ready);
} catch (error) {
  port.postMessage({ ready: false, failure: describe(error) } satisfies Ready);
  port.close();
}
