/** What holds a subscription's deliveries up without using up their attempts. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { numbers, Stage, stageWith } from '../support/stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('an endpoint that fails again and again', () => {
  async function broken(count = 3) {
    const stage = new Stage({}, { breakerFailures: 3 });
    for (const uuid of ['a', 'b']) stage.put({ uuid, config: { endpoint: 'http://dead' } });
    stage.put({ uuid: 'c', config: { endpoint: 'http://fine' } });
    for (let failure = 0; failure < count; failure++) {
      stage.arrive('a');
      await stage.pass();
      stage.inFlight[0]?.fail('down');
      await stage.pass(0);
    }
    return stage;
  }

  test('gets nothing for a while, from none of its subscriptions', async () => {
    const stage = await broken();
    const before = stage.started.length;
    stage.arrive('b', 5);
    stage.arrive('c');
    await stage.pass(700);
    expect(stage.turns.slice(before)).toEqual(['c']);
    expect(stage.dispatcher.endpointStates).toEqual({ closed: 1, open: 1, half_open: 0 });
  });

  test('is probed with one attempt, and gets all when that succeeds', async () => {
    const stage = await broken();
    const before = stage.started.length;
    stage.arrive('b', 5);
    await stage.pass(1_300);
    expect(stage.started.length - before).toBe(1);
    expect(stage.dispatcher.endpointStates.half_open).toBe(1);
    stage.inFlight[0]?.succeed();
    await stage.pass();
    expect(stage.inFlight.length).toBe(2);
    await stage.finishAll();
    expect(stage.stored.size).toBe(0);
    expect(stage.dispatcher.endpointStates.open).toBe(0);
  });

  test('is left alone for longer when the probe fails too', async () => {
    const stage = await broken();
    stage.arrive('b', 5);
    await stage.pass(1_300);
    stage.inFlight[0]?.fail('down');
    const before = stage.started.length;
    await stage.pass(1_500);
    expect(stage.started.length).toBe(before);
    await stage.pass(1_000);
    expect(stage.started.length).toBe(before + 1);
  });

  test('is left alone also when nothing waits for it meanwhile', async () => {
    const stage = new Stage({}, { breakerFailures: 3, maxAttempts: 1 });
    stage.put({ uuid: 'a', config: { endpoint: 'http://dead' } });
    for (let event = 0; event < 10; event++) {
      stage.arrive('a');
      await stage.pass(20);
      stage.inFlight[0]?.fail('down');
      await stage.pass(20);
    }
    expect(stage.started).toHaveLength(3);
    expect(stage.dispatcher.endpointStates.open).toBe(1);
    await stage.pass(1_300);
    expect(stage.started).toHaveLength(4);
  });

  test('costs what waits no attempts', async () => {
    const stage = await broken();
    stage.arrive('b', 5);
    await stage.pass(600);
    expect(stage.records.filter(({ subscriptionUuid }) => subscriptionUuid === 'b')).toEqual([]);
    await stage.pass(1_000);
    await stage.finishAll();
    const records = stage.records.filter(({ subscriptionUuid }) => subscriptionUuid === 'b');
    expect(records.map(({ number, status }) => [number, status])).toEqual(
      Array.from({ length: 5 }, () => [1, 'success']),
    );
  });

  test('is not one that refuses, or whose service has a reason of its own', async () => {
    const stage = new Stage({}, { breakerFailures: 3 });
    stage.put({ uuid: 'a', config: { endpoint: 'http://picky' } });
    for (let failure = 0; failure < 6; failure++) {
      stage.arrive('a');
      await stage.pass(0);
      stage.inFlight[0]?.fail();
      await stage.pass(0);
    }
    expect(stage.dispatcher.endpointStates.open).toBe(0);
  });

  test('is judged by those attempts alone that tell something of it', async () => {
    const stage = new Stage({}, { breakerFailures: 3, maxAttempts: 1 });
    stage.put({ uuid: 'a', config: { endpoint: 'http://dead' } });
    const failed = async (sign: 'down' | 'unknown') => {
      stage.arrive('a');
      await stage.pass(20);
      stage.inFlight[0]?.fail(sign);
      await stage.pass(20);
      return stage.dispatcher.endpointStates.open;
    };
    for (const sign of ['unknown', 'unknown', 'unknown', 'unknown'] as const)
      expect(await failed(sign)).toBe(0);
    expect([await failed('down'), await failed('down')]).toEqual([0, 0]);
    expect(await failed('unknown')).toBe(0);
    expect(await failed('down')).toBe(1);
  });

  test('does not hold up the intake of events', async () => {
    const stage = await broken();
    stage.arrive('b', 50);
    expect(stage.dispatcher.pressure).toBe(0);
  });
});

test('an endpoint that has too much to do gets fewer at once, and more again with every success', async () => {
  const stage = stageWith({}, { breakerFailures: 100 });
  stage.arrive('a', 60);
  await stage.pass();
  expect(stage.inFlight).toHaveLength(10);
  for (let failure = 0; failure < 3; failure++) stage.inFlight[0]?.fail('busy');
  for (const attempt of stage.inFlight.slice(0, 3)) attempt.succeed();
  await stage.pass(0);
  expect(stage.inFlight).toHaveLength(4);
  expect(stage.started).toHaveLength(10);
  stage.inFlight[0]?.succeed();
  await stage.pass(0);
  expect(stage.started).toHaveLength(12);
  for (let round = 0; round < 10; round++) {
    stage.inFlight[0]?.succeed();
    await stage.pass(0);
  }
  expect(stage.inFlight).toHaveLength(10);
});

describe('a rate limit', () => {
  test('is kept, and used', async () => {
    const stage = stageWith({ rateLimit: 5 });
    stage.arrive('a', 100);
    for (let time = 0; time < 4_000; time += 10) {
      for (const attempt of [...stage.inFlight]) attempt.succeed();
      await stage.pass(10);
    }
    expect(stage.started.length).toBeGreaterThanOrEqual(19);
    expect(stage.started.length).toBeLessThanOrEqual(21);
  });

  test('is kept when each attempt has ended before the next event comes', async () => {
    const stage = stageWith({ rateLimit: 1 });
    for (let event = 0; event < 30; event++) {
      stage.arrive('a');
      await stage.pass(50);
      for (const attempt of [...stage.inFlight]) attempt.succeed();
      await stage.pass(50);
    }
    expect(stage.started.length).toBeGreaterThanOrEqual(3);
    expect(stage.started.length).toBeLessThanOrEqual(4);
  });

  test('is the subscription’s own', async () => {
    const stage = stageWith({ rateLimit: 1 });
    stage.subscribe('b');
    stage.arrive('a', 10);
    stage.arrive('b', 10);
    await stage.pass();
    expect(stage.turns.filter((uuid) => uuid === 'b')).toHaveLength(10);
    expect(stage.turns.filter((uuid) => uuid === 'a')).toHaveLength(1);
  });
});

test('a subscription may have its own limit in flight', async () => {
  const stage = stageWith({ maxInFlight: 2 });
  stage.subscribe('b');
  stage.arrive('a', 20);
  stage.arrive('b', 20);
  await stage.pass();
  expect(stage.inFlight.filter(({ delivery }) => delivery.subscriptionUuid === 'a')).toHaveLength(
    2,
  );
  expect(stage.inFlight.filter(({ delivery }) => delivery.subscriptionUuid === 'b')).toHaveLength(
    10,
  );
});

test('a subscription may have its own schedule and number of attempts', async () => {
  const stage = stageWith({ schedule: [100, 200], maxAttempts: 2 });
  stage.arrive('a');
  await stage.pass();
  stage.inFlight[0]?.fail();
  await stage.pass(70_000);
  expect(stage.started).toHaveLength(1);
  await stage.pass(60_000);
  expect(stage.started).toHaveLength(2);
  stage.inFlight[0]?.fail();
  await stage.pass();
  expect(stage.stored.size).toBe(0);
  expect(stage.records.map(({ nextAttemptAt }) => nextAttemptAt === null)).toEqual([false, true]);
});

describe('a delivery that is retried by hand', () => {
  /** As the API does it. */
  async function retry(stage: Stage, id: string) {
    stage.dispatcher.renew('a', id);
    const row = stage.stored.get(id);
    if (row === undefined) throw new Error('it is not pending');
    row.delivery = { ...row.delivery, attemptsBefore: row.delivery.attempts };
    row.dueAt = Date.now();
    stage.dispatcher.wake('a');
    await stage.pass();
  }

  /** One that has one attempt left, which waits for `rateLimit`. */
  async function withLast(rateLimit: number) {
    const stage = stageWith({ schedule: [1], maxAttempts: 2, rateLimit });
    const [{ id } = { id: '' }] = stage.arrive('a');
    await stage.pass();
    stage.inFlight[0]?.fail();
    await stage.pass(2_000);
    return { stage, id };
  }

  test.each<[string, 'fail' | 'succeed', number]>([
    ['is made again when it failed', 'fail', 3],
    ['is done when it succeeded', 'succeed', 2],
  ])('while its last outcome is on the way to the disk %s', async (_what, end, started) => {
    const { stage, id } = await withLast(10);
    stage.held = [];
    stage.inFlight[0]?.[end]();
    await stage.pass();
    expect(stage.held).toHaveLength(1);
    await retry(stage, id);
    for (const keep of stage.held.splice(0)) keep();
    await stage.pass();
    expect(stage.started).toHaveLength(started);
    stage.held = undefined;
    await stage.finishAll();
    expect(stage.records.at(-1)).toMatchObject({ status: 'success', number: started });
    expect(stage.stored.size).toBe(0);
  });

  test.each([
    ['waits in memory', 0.1, 1],
    ['is attempted', 10, 2],
  ])('while it %s has all of its schedule ahead', async (_when, rateLimit, started) => {
    const { stage, id } = await withLast(rateLimit);
    expect(stage.queries).toHaveLength(1);
    expect(stage.started).toHaveLength(started);
    await retry(stage, id);
    await stage.pass(10_000);
    stage.inFlight[0]?.fail();
    await stage.pass();
    expect(stage.records.at(-1)).toMatchObject({ number: 2, maxAttempts: 3 });
    expect(stage.records.at(-1)?.nextAttemptAt).not.toBeNull();
    await stage.pass(20_000);
    expect(stage.started).toHaveLength(3);
  });
});

describe('a disabled subscription', () => {
  const disabled = { reason: 'manual', at: 0 } as const;

  test('gets nothing; what waits for it stays in the store', async () => {
    const stage = stageWith({});
    stage.put({ uuid: 'a', disabled });
    stage.arrive('a', 5);
    await stage.pass(5_000);
    expect(stage.started).toHaveLength(0);
    expect(stage.stored.size).toBe(5);
    expect(stage.queries).toEqual([]);
  });

  test('gets it in order and no faster than allowed when it is enabled again, then as ever', async () => {
    const stage = stageWith({});
    stage.put({ uuid: 'a', disabled });
    stage.arrive('a', 60);
    await stage.pass();
    stage.put({ uuid: 'a' });
    stage.dispatcher.resume('a');
    for (let time = 0; time < 1_000; time += 10) {
      for (const attempt of [...stage.inFlight]) attempt.succeed();
      await stage.pass(10);
    }
    expect(stage.started.length).toBeGreaterThanOrEqual(19);
    expect(stage.started.length).toBeLessThanOrEqual(23);
    const order = numbers(stage);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    for (let time = 0; time < 3_000; time += 10) {
      for (const attempt of [...stage.inFlight]) attempt.succeed();
      await stage.pass(10);
    }
    expect(stage.stored.size).toBe(0);
    stage.arrive('a', 10);
    await stage.pass(0);
    expect(stage.inFlight).toHaveLength(10);
  });

  /** Lets time pass; attempts succeed at once. */
  const succeeding = async (stage: Stage, duration: number) => {
    for (let time = 0; time < duration; time += 10) {
      for (const attempt of [...stage.inFlight]) attempt.succeed();
      await stage.pass(10);
    }
  };

  test('gets what waits for a later attempt in its turn as well', async () => {
    const stage = stageWith({ schedule: [3_600] });
    stage.arrive('a', 2);
    await stage.pass();
    for (const attempt of [...stage.inFlight]) attempt.fail();
    await stage.pass();
    stage.put({ uuid: 'a', disabled });
    stage.dispatcher.reconsider('a');
    stage.arrive('a', 3);
    await stage.pass(2_000);
    stage.put({ uuid: 'a' });
    stage.dispatcher.resume('a');
    await succeeding(stage, 1_000);
    expect(stage.stored.size).toBe(0);
    const order = numbers(stage).slice(2);
    expect(order).toHaveLength(5);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('gets what was parked slowly, and no more than that', async () => {
    const stage = stageWith({});
    stage.put({ uuid: 'a', disabled });
    stage.arrive('a', 20);
    await stage.pass();
    stage.put({ uuid: 'a' });
    stage.dispatcher.resume('a');
    await stage.pass(1);
    // More a second than what was parked may go out: it would never end.
    for (let round = 0; round < 20; round++) {
      stage.arrive('a', 5);
      await succeeding(stage, 100);
    }
    expect(stage.stored.size).toBe(0);
    expect(stage.started).toHaveLength(120);
    expect(stage.settings.get('catching_up')).toBe('[]');
  });

  test('gets the rest of it slowly after a restart as well', async () => {
    const stage = stageWith({});
    stage.store('a', 60);
    stage.settings.set('catching_up', JSON.stringify([['a', Date.now() + 1]]));
    await stage.dispatcher.recover();
    await succeeding(stage, 1_000);
    expect(stage.started.length).toBeGreaterThanOrEqual(19);
    expect(stage.started.length).toBeLessThanOrEqual(23);
  });
});
