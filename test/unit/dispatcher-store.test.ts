import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Stage } from '../support/stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ids = (deliveries: { id: string }[]) => deliveries.map(({ id }) => id).sort();

describe('what memory has no room for', () => {
  test('waits in the store, and is attempted once each', async () => {
    const stage = new Stage({ maxHeldPerSubscription: 20, maxInFlightPerSubscription: 5 });
    stage.subscribe('a');
    const arrived = stage.arrive('a', 300);
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids(arrived));
    expect(stage.stored.size).toBe(0);
  });

  test('is not overtaken by what arrives later', async () => {
    const stage = new Stage({ maxHeldPerSubscription: 10, maxInFlightPerSubscription: 1 });
    stage.subscribe('a');
    const first = stage.arrive('a', 40);
    for (let round = 0; round < 10; round++) {
      stage.inFlight[0]?.succeed();
      await stage.pass();
    }
    const later = stage.arrive('a', 5);
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids([...first, ...later]));
    const order = stage.started.map(({ id }) => id);
    expect(Math.min(...later.map(({ id }) => order.indexOf(id)))).toBeGreaterThan(30);
  });

  test('leaves room for the limit of all subscriptions together', async () => {
    const stage = new Stage({
      maxHeld: 30,
      maxHeldPerSubscription: 20,
      maxInFlightPerSubscription: 2,
    });
    const uuids = Array.from({ length: 10 }, (_, index) => `s-${index}`);
    stage.subscribe(...uuids);
    const arrived = uuids.flatMap((uuid) => stage.arrive(uuid, 25));
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids(arrived));
  });

  test('is asked for by size as well: large events are not fetched all at once', async () => {
    const stage = new Stage({ maxHeldSize: 1_000, maxInFlightPerSubscription: 4 });
    stage.subscribe('a');
    const arrived = stage.arrive('a', 30, { size: 400 });
    await stage.pass();
    expect(stage.inFlight.length).toBeGreaterThan(0);
    expect(stage.inFlight.length).toBeLessThan(5);
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids(arrived));
  });

  test('an event larger than all of the memory allowed is attempted nevertheless', async () => {
    const stage = new Stage({ maxHeldSize: 1_000 });
    stage.subscribe('a', 'b');
    const arrived = [
      ...stage.arrive('a', 3, { size: 5_000 }),
      ...stage.arrive('b', 3, { size: 5_000 }),
    ];
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids(arrived));
  });
});

describe('after a restart', () => {
  test('every delivery without a final outcome is taken up, with the attempts it had', async () => {
    const stage = new Stage({ maxHeldPerSubscription: 10 });
    stage.subscribe('a', 'b');
    const left = [...stage.store('a', 35), ...stage.store('b', 5, { attempts: 3 })];
    await stage.dispatcher.recover();
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids(left));
    expect(
      stage.records
        .filter(({ subscriptionUuid }) => subscriptionUuid === 'b')
        .map(({ number }) => number),
    ).toEqual([4, 4, 4, 4, 4]);
  });

  test('a retry that is due later waits until then', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.store('a', 1, { attempts: 1, dueAt: Date.now() + 10_000 });
    await stage.dispatcher.recover();
    await stage.pass(9_900);
    expect(stage.started).toEqual([]);
    await stage.pass(200);
    expect(stage.started).toHaveLength(1);
  });

  test('new events do not wait behind a retry that is due later', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.store('a', 1, { attempts: 1, dueAt: Date.now() + 60_000 });
    await stage.dispatcher.recover();
    stage.arrive('a');
    await stage.pass(0);
    expect(stage.started).toHaveLength(1);
  });
});

describe('a store that does not answer', () => {
  test('is asked again, and nothing is lost', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    const left = stage.store('a', 5);
    stage.isStoreDown = true;
    await stage.dispatcher.recover();
    await stage.pass(3_000);
    expect(stage.started).toEqual([]);
    expect(stage.queries.length).toBeGreaterThan(1);
    expect(stage.queries.length).toBeLessThan(10);
    stage.isStoreDown = false;
    await stage.pass(2_000);
    expect(ids(stage.started)).toEqual(ids(left));
  });
});

describe('while nobody provides the service', () => {
  test('deliveries wait, and the store is not asked for them', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.services.clear();
    stage.arrive('a', 3);
    await stage.pass(120_000);
    expect(stage.started).toEqual([]);
    expect(stage.queries).toEqual([]);
  });

  test('they are attempted as soon as it comes', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.services.clear();
    const left = stage.store('a', 2);
    await stage.dispatcher.recover();
    const arrived = stage.arrive('a', 3);
    await stage.pass(1_000);
    stage.services.add('http');
    stage.dispatcher.reconsiderAll();
    await stage.pass();
    expect(ids(stage.started)).toEqual(ids([...left, ...arrived]));
  });

  test('those held when it goes wait again', async () => {
    const stage = new Stage({ maxInFlightPerSubscription: 1 });
    stage.subscribe('a');
    const arrived = stage.arrive('a', 5);
    stage.services.clear();
    stage.dispatcher.reconsiderAll();
    stage.inFlight[0]?.succeed();
    await stage.pass(1_000);
    expect(stage.started).toHaveLength(1);
    stage.services.add('http');
    stage.dispatcher.reconsiderAll();
    await stage.finishAll();
    expect(ids(stage.started)).toEqual(ids(arrived));
  });
});
