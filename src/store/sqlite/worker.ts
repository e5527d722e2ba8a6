/** A thread of the store: takes calls by message, one after the other, and answers each. */
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf, messageOf, UserError } from '../../errors.ts';
import { AttemptLog } from './attempt-log.ts';
import { makeWriter } from './writer.ts';
import { openDatabase, openForReading } from './open.ts';
import { type PackedBatch, unpackBatch } from './packed-batch.ts';
import { Presence } from './presence.ts';
import type { Answer, Call, Failure, Missing, Ready, Role } from './protocol.ts';

if (parentPort === null) throw new Error('this file runs as a worker thread');
const port = parentPort;

type Target = Record<string, (...args: unknown[]) => unknown>;

interface Opened {
  target: Target;
  /** What was written is kept only if the files are still there. */
  presence: Presence | undefined;
  release: () => void;
}

function open({ file, role }: { file: string; role: Role }): Opened {
  if (role === 'log') {
    const log = new AttemptLog(openForReading(file));
    return { target: log as unknown as Target, presence: undefined, release: () => undefined };
  }
  const { database, release } = openDatabase(file);
  const presence = new Presence(file);
  presence.watch(({ message }) => port.postMessage({ missing: message } satisfies Missing));
  return { target: makeWriter(database) as unknown as Target, presence, release };
}

function describe(error: unknown): Failure {
  return {
    message: messageOf(error),
    code: codeOf(error),
    stack: error instanceof Error ? error.stack : undefined,
    isUserError: error instanceof UserError,
  };
}

try {
  const { target, presence, release } = open(workerData as { file: string; role: Role });
  port.on('message', ({ id, method, args }: Call) => {
    // A batch comes packed; everything else as it is.
    const given = method === 'commit' ? [unpackBatch(args[0] as PackedBatch)] : args;
    const isKept = method !== 'close';
    try {
      // What failed for this reason is asked for again, and was written all the same: nobody is told otherwise.
      if (isKept) presence?.check();
      const value = target[method]?.(...given);
      if (isKept) presence?.check();
      port.postMessage({ id, value } satisfies Answer);
    } catch (error) {
      port.postMessage({ id, failure: describe(error) } satisfies Answer);
    }
    if (method === 'close') {
      presence?.stop();
      release();
      port.close();
    }
  });
  port.postMessage({ ready: true } satisfies Ready);
} catch (error) {
  port.postMessage({ ready: false, failure: describe(error) } satisfies Ready);
  port.close();
}
