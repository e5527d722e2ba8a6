import { GroupCommit } from '../../dist/store/group-commit.js';
import { StoreUnavailable, type WriteBatch } from '../../dist/store/store.js';
import { silentLog } from './logs.ts';
import { sampleAttempt, sampleRecord } from './samples.ts';

/** A disk that takes 10 ms a commit, and fails as told. */
export function commitsOnDisk({ log = silentLog } = {}) {
  const batches: WriteBatch[] = [];
  const settled: string[] = [];
  /** Of how many events, for every try. */
  const begun: number[] = [];
  const disk: { failure: ((batch: WriteBatch) => Error | undefined) | undefined } = {
    failure: undefined,
  };
  const commits = new GroupCommit(
    {
      commit: async (batch) => {
        begun.push(batch.events.length);
        await new Promise((resolve) => setTimeout(resolve, 10));
        const failure = disk.failure?.(batch);
        if (failure !== undefined) throw failure;
        batches.push(batch);
      },
    },
    log,
  );
  const note = (name: string) => (error?: Error) =>
    void settled.push(error === undefined ? name : `${name}: ${error.message}`);
  return {
    commits,
    batches,
    begun,
    settled,
    disk,
    add: (...names: string[]) =>
      names.forEach((name) => commits.addEvent(sampleRecord([], { name }), note(name))),
    addAttempt: (id: string) => commits.addAttempt(sampleAttempt({ deliveryId: id }), note(id)),
  };
}

export const namesIn = (batches: WriteBatch[]) =>
  batches.map(({ events }) => events.map(({ name }) => name).join(''));
export const unavailable = () => new StoreUnavailable('database or disk is full (SQLITE_FULL)');
