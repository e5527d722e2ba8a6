/** Replays on a store that takes its time, or does not work for a while. */
import { expect, onTestFinished, test } from 'vitest';
import { Replays } from '../../dist/deliveries/replays.js';
import type { Replay } from '../../dist/model.js';
import { StoreUnavailable } from '../../dist/store/store.js';
import { silentLog } from '../support/logs.ts';
import { until } from '../support/wait.ts';

/** A replay with no end on a store that keeps slices when the test lets it, and fails as told. */
async function running() {
  const kept = new Map<string, Replay>();
  const slices: { keep: () => void }[] = [];
  const store = {
    isHeldUp: false,
    isFull: false,
    advances: 0,
    countReplay: () => Promise.resolve({ succeeded: 0, failed: 1_000, cancelled: 0 }),
    replays: () => Promise.resolve([...kept.values()]),
    replay: (id: string) => Promise.resolve(kept.get(id) ?? null),
    putReplay: (replay: Replay) => {
      if (store.isFull) return Promise.reject(new StoreUnavailable('the disk is full'));
      kept.set(replay.id, replay);
      return Promise.resolve();
    },
    advanceReplay: async (replay: Replay, limit: number) => {
      store.advances++;
      if (store.isHeldUp) await new Promise<void>((keep) => slices.push({ keep }));
      const known = kept.get(replay.id) ?? replay;
      if (known.status !== 'running') return known;
      const next = { ...replay, done: replay.done + limit };
      kept.set(replay.id, next);
      return next;
    },
  };
  const replays = new Replays({ store, rate: 50, wake: () => undefined, log: silentLog });
  onTestFinished(() => replays.stop());
  const selection = { statuses: ['failed' as const], events: [], since: null, until: null };
  const { id } = await replays.create('a', selection);
  const advanced = (times: number) =>
    until(`${times} slices`, () => store.advances >= times && store.advances);
  return { replays, store, kept, slices, id, advanced };
}

test('one whose cancellation cannot be kept goes on, and is cancelled when it can', async () => {
  const { replays, store, kept, id, advanced } = await running();
  await advanced(1);
  store.isFull = true;
  await expect(replays.cancel(id)).rejects.toThrow('the disk is full');
  await advanced(store.advances + 2);
  store.isFull = false;
  expect(await replays.cancel(id)).toMatchObject({ status: 'cancelled' });
  expect(kept.get(id)).toMatchObject({ status: 'cancelled' });
});

test('a cancellation waits for the slice that is on its way, which counts', async () => {
  const { replays, store, kept, slices, id } = await running();
  store.isHeldUp = true;
  await until('a slice is on its way', () => slices.length > 0);
  const before = kept.get(id)?.done ?? 0;
  const cancelled = replays.cancel(id);
  store.isHeldUp = false;
  slices[0]?.keep();
  expect(await cancelled).toMatchObject({ status: 'cancelled', done: before + 10 });
  await replays.stop();
  expect(kept.get(id)).toMatchObject({ status: 'cancelled', done: before + 10 });
});

test('of a replay that has ended, or is none, nothing is cancelled', async () => {
  const { replays, kept, id } = await running();
  await replays.cancel(id);
  const ended = kept.get(id);
  expect(await replays.cancel(id)).toBe(ended);
  expect(await replays.cancel('none')).toBeNull();
});
