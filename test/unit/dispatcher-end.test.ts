import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Stage } from '../support/stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a subscription that is deleted', () => {
  test('gets no more attempts, and what waited for it is let go', async () => {
    const stage = new Stage({ maxInFlightPerSubscription: 1 });
    stage.subscribe('a', 'b');
    stage.arrive('a', 5);
    stage.subscriptions.delete('a');
    stage.dispatcher.reconsider('a');
    stage.inFlight[0]?.succeed();
    await stage.pass(1_000);
    expect(stage.started).toHaveLength(1);
    expect(stage.abandoned).toContain('a');
    stage.arrive('b');
    await stage.pass(0);
    expect(stage.turns).toEqual(['a', 'b']);
  });

  test('while its event was on the way to the disk: the delivery is cancelled', async () => {
    const stage = new Stage();
    stage.arrive('gone', 2);
    await stage.pass(1_000);
    expect(stage.started).toEqual([]);
    expect(stage.abandoned).toContain('gone');
    expect(stage.stored.size).toBe(0);
  });
});

describe('a subscription that is changed', () => {
  test('has what waits attempted as it is now', async () => {
    const stage = new Stage({ maxInFlightPerSubscription: 1 });
    stage.subscribe('a');
    const arrived = stage.arrive('a', 4);
    stage.subscribe('a');
    stage.dispatcher.reconsider('a');
    await stage.finishAll();
    expect(stage.started).toHaveLength(arrived.length);
    expect(new Set(stage.started.map(({ id }) => id)).size).toBe(arrived.length);
  });
});

describe('an attempt without an outcome', () => {
  test('ends nobody: its delivery stays in the store, and the others are made', async () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.put({ uuid: 'a', delivery: null as never });
    stage.subscribe('b');
    stage.store('a', 1);
    stage.store('b', 1);
    await stage.dispatcher.recover();
    await stage.finishAll();
    expect(stage.records.map(({ subscriptionUuid }) => subscriptionUuid)).toEqual(['b']);
    expect([...stage.stored.values()]).toMatchObject([{ delivery: { subscriptionUuid: 'a' } }]);
    expect(stage.dispatcher.inFlight).toBe(0);
  });
});

describe('after a stop', () => {
  test('no attempt is started, whatever ends, arrives or becomes due', async () => {
    const stage = new Stage({ maxInFlightPerSubscription: 1 });
    stage.subscribe('a', 'b');
    stage.arrive('a', 3);
    stage.store('b', 1, { attempts: 1, dueAt: Date.now() + 1_000 });
    await stage.dispatcher.recover();
    stage.dispatcher.stop();
    stage.inFlight[0]?.succeed();
    stage.arrive('b');
    await stage.pass(60_000);
    expect(stage.started).toHaveLength(1);
  });

  test('quiet resolves with the end of the last attempt', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.arrive('a', 2);
    stage.dispatcher.stop();
    let left: number | undefined;
    void stage.dispatcher.quiet(60_000).then((count) => (left = count));
    stage.inFlight[0]?.succeed();
    await stage.pass(1_000);
    expect(left).toBeUndefined();
    stage.inFlight[0]?.fail();
    await stage.pass(0);
    expect(left).toBe(0);
    expect(stage.records.map(({ status }) => status).sort()).toEqual(['failure', 'success']);
  });

  test('quiet resolves at once when nothing is in flight', async () => {
    const stage = new Stage();
    stage.dispatcher.stop();
    expect(await stage.dispatcher.quiet(60_000)).toBe(0);
  });

  test('quiet gives up after its time, and says how many are left', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.arrive('a', 3);
    stage.dispatcher.stop();
    const left = stage.dispatcher.quiet(5_000);
    await stage.pass(5_000);
    expect(await left).toBe(3);
  });

  test('attempts that are cut leave their deliveries as they were', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.arrive('a', 2);
    stage.dispatcher.stop();
    stage.cut.abort();
    for (const attempt of [...stage.inFlight]) attempt.fail();
    await stage.pass();
    expect(stage.records).toEqual([]);
    expect([...stage.stored.values()].map(({ delivery }) => delivery.attempts)).toEqual([0, 0]);
    expect(await stage.dispatcher.quiet(1)).toBe(0);
  });
});
