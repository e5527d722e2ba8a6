/** One at a time, in the order of the events: what holds such a subscription up, and what does so no more. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { numbers, Stage, stageWith } from '../support/stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an ordered subscription', () => {
  test('gets one at a time, in the order of events, whatever fails', async () => {
    const stage = stageWith({ ordered: true });
    stage.arrive('a', 4);
    await stage.pass();
    expect(stage.inFlight).toHaveLength(1);
    stage.inFlight[0]?.succeed();
    await stage.pass();
    stage.inFlight[0]?.fail();
    stage.arrive('a', 2);
    await stage.pass(300);
    expect(stage.inFlight).toHaveLength(0);
    stage.arrive('a', 1);
    await stage.pass(1_200);
    expect(stage.inFlight[0]?.delivery.attempts).toBe(1);
    await stage.finishAll();
    expect(stage.stored.size).toBe(0);
    const order = numbers(stage);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).toHaveLength(8);
  });

  test('goes on after the one that failed for good', async () => {
    const stage = stageWith({ ordered: true, maxAttempts: 2, schedule: [1] });
    stage.arrive('a', 3);
    await stage.pass();
    for (let attempt = 0; attempt < 2; attempt++) {
      stage.inFlight[0]?.fail();
      await stage.pass(1_300);
    }
    await stage.finishAll();
    expect(stage.stored.size).toBe(0);
    expect(stage.started).toHaveLength(4);
  });

  test('does not hold up others', async () => {
    const stage = stageWith({ ordered: true });
    stage.subscribe('b');
    stage.arrive('a', 3);
    stage.arrive('b', 3);
    await stage.pass();
    expect(stage.turns).toEqual(['a', 'b', 'b', 'b']);
  });

  test('keeps its order over a restart', async () => {
    const stage = stageWith({ ordered: true });
    const [first] = stage.store('a', 1, { attempts: 1, dueAt: Date.now() + 2_000 });
    stage.store('a', 3);
    await stage.dispatcher.recover();
    await stage.pass(1_500);
    expect(stage.started).toHaveLength(0);
    await stage.pass(1_000);
    expect(stage.started[0]?.id).toBe(first?.id);
    await stage.finishAll();
    const order = numbers(stage);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(stage.stored.size).toBe(0);
  });

  test('keeps its order when the store was being asked for more while one failed', async () => {
    const stage = new Stage({ maxHeldPerSubscription: 4 });
    stage.put({ uuid: 'a', delivery: { ordered: true } });
    stage.arrive('a', 10);
    await stage.pass();
    for (let success = 0; success < 2; success++) {
      stage.inFlight[0]?.succeed();
      await stage.pass(0);
    }
    while (stage.queries.length === 0) await stage.pass(1);
    stage.inFlight[0]?.fail();
    await stage.pass(300);
    expect(stage.inFlight).toEqual([]);
    await stage.pass(1_200);
    await stage.finishAll();
    const order = numbers(stage);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).toHaveLength(11);
  });

  describe('that a delivery holds up for a day', () => {
    /** The first of two is in flight. */
    async function withTwo() {
      const stage = stageWith({ ordered: true, schedule: [86_400] });
      const [first, second] = stage.arrive('a', 2).map(({ id }) => id);
      await stage.pass();
      return {
        stage,
        second,
        fail: async () => {
          stage.inFlight[0]?.fail();
          await stage.pass();
        },
        cancel: async () => {
          stage.stored.delete(first ?? '');
          stage.dispatcher.reconsider('a');
          await stage.pass();
        },
      };
    }

    test('goes on when that is cancelled', async () => {
      const { stage, second, fail, cancel } = await withTwo();
      await fail();
      expect(stage.inFlight).toEqual([]);
      await cancel();
      expect(stage.inFlight).toMatchObject([{ delivery: { id: second } }]);
    });

    test('goes on when that was cancelled before its attempt failed', async () => {
      const { stage, second, fail, cancel } = await withTwo();
      await cancel();
      expect(stage.started).toHaveLength(1);
      await fail();
      expect(stage.inFlight).toMatchObject([{ delivery: { id: second } }]);
    });

    test('goes on when the order is of no more interest', async () => {
      const { stage, second, fail } = await withTwo();
      await fail();
      stage.put({ uuid: 'a' });
      stage.dispatcher.reconsider('a');
      await stage.pass();
      expect(stage.inFlight).toMatchObject([{ delivery: { id: second } }]);
    });

    test('stays held up when something else is changed', async () => {
      const { stage, fail } = await withTwo();
      await fail();
      stage.dispatcher.reconsiderAll();
      stage.dispatcher.wakeAll();
      stage.arrive('a');
      await stage.pass(3_600_000);
      expect(stage.started).toHaveLength(1);
      expect(stage.queries.length).toBeLessThan(10);
    });
  });

  test('of more than memory has room for goes on in order', async () => {
    const stage = new Stage({ maxHeldPerSubscription: 5 });
    stage.put({ uuid: 'a', delivery: { ordered: true } });
    stage.arrive('a', 30);
    await stage.pass();
    stage.inFlight[0]?.fail();
    await stage.pass(1_300);
    stage.arrive('a', 10);
    await stage.finishAll();
    const order = numbers(stage);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(order).toHaveLength(41);
  });
});
