import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Stage } from '../support/stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('turns', () => {
  test('go round the subscriptions, however much waits for one of them', async () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.subscribe('a', 'b', 'c');
    stage.dispatcher.offer([
      ...stage.store('a', 4),
      ...stage.store('b', 2),
      ...stage.store('c', 1),
    ]);
    await stage.finishAll();
    expect(stage.turns.join('')).toBe('abcabaa');
  });

  test('keep the order of events of one subscription', async () => {
    const stage = new Stage({ maxInFlightPerSubscription: 1 });
    stage.subscribe('a');
    const arrived = stage.arrive('a', 20);
    await stage.finishAll();
    expect(stage.started.map(({ id }) => id)).toEqual(arrived.map(({ id }) => id));
  });

  test('are given to a newcomer before a busy subscription’s backlog', async () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.subscribe('busy', 'new');
    stage.arrive('busy', 50);
    stage.arrive('new');
    for (let round = 0; round < 2; round++) {
      stage.inFlight[0]?.succeed();
      await stage.pass(0);
    }
    expect(stage.turns).toEqual(['busy', 'busy', 'new']);
  });
});

describe('limits in flight', () => {
  test('hold for one subscription', async () => {
    const stage = new Stage({ maxInFlightPerSubscription: 3 });
    stage.subscribe('a');
    stage.arrive('a', 10);
    await stage.pass();
    expect(stage.inFlight).toHaveLength(3);
    stage.inFlight[1]?.succeed();
    await stage.pass();
    expect(stage.inFlight).toHaveLength(3);
    expect(stage.started).toHaveLength(4);
  });

  test('hold for all together', async () => {
    const stage = new Stage({ maxInFlight: 5, maxInFlightPerSubscription: 2 });
    stage.subscribe('a', 'b', 'c', 'd');
    for (const uuid of 'abcd') stage.arrive(uuid, 10);
    await stage.pass();
    expect(stage.inFlight).toHaveLength(5);
  });

  test('a subscription that hangs takes its own places and nobody else’s', async () => {
    const stage = new Stage({ maxInFlight: 20, maxInFlightPerSubscription: 4 });
    stage.subscribe('hung', 'fine');
    stage.arrive('hung', 500);
    for (let round = 0; round < 50; round++) {
      stage.arrive('fine', 10);
      await stage.pass();
      for (const attempt of stage.inFlight.filter(
        ({ delivery }) => delivery.subscriptionUuid === 'fine',
      ))
        attempt.succeed();
      await stage.pass();
    }
    for (let round = 0; round < 200; round++) {
      for (const attempt of stage.inFlight.filter(
        ({ delivery }) => delivery.subscriptionUuid === 'fine',
      ))
        attempt.succeed();
      await stage.pass();
    }
    expect(stage.turns.filter((uuid) => uuid === 'fine')).toHaveLength(500);
    expect(stage.turns.filter((uuid) => uuid === 'hung')).toHaveLength(4);
  });

  test('many that hang do not take the memory of one that works', async () => {
    const stage = new Stage({
      maxInFlight: 1000,
      maxInFlightPerSubscription: 2,
      maxHeld: 20,
      maxHeldPerSubscription: 10,
    });
    const hung = Array.from({ length: 30 }, (_, index) => `hung-${index}`);
    stage.subscribe('fine', ...hung);
    for (const uuid of hung) stage.arrive(uuid, 10);
    stage.arrive('fine', 10);
    for (let round = 0; round < 20; round++) {
      await stage.pass();
      for (const attempt of stage.inFlight.filter(
        ({ delivery }) => delivery.subscriptionUuid === 'fine',
      ))
        attempt.succeed();
    }
    expect(stage.turns.filter((uuid) => uuid === 'fine')).toHaveLength(10);
  });
});

describe('retries', () => {
  test('come after first attempts, and are not put off for ever by a flood of those', async () => {
    const stage = new Stage({ maxInFlight: 1 });
    stage.subscribe('failing', 'busy');
    stage.store('failing', 3, { attempts: 1 });
    await stage.dispatcher.recover();
    stage.arrive('busy', 80);
    await stage.pass();
    for (let round = 0; round < 30; round++) {
      stage.inFlight[0]?.succeed();
      await stage.pass();
    }
    const places = stage.turns.flatMap((uuid, place) => (uuid === 'failing' ? [place] : []));
    expect(places).toHaveLength(3);
    expect(Math.max(...places)).toBeLessThan(30);
    expect(stage.turns.slice(0, 30).filter((uuid) => uuid === 'busy').length).toBeGreaterThan(20);
  });

  test('are made when they are due, with the number of the attempt', async () => {
    const stage = new Stage();
    stage.subscribe('a');
    stage.arrive('a');
    await stage.pass();
    stage.inFlight[0]?.fail();
    await stage.pass(700);
    expect(stage.started).toHaveLength(1);
    await stage.pass(600);
    expect(stage.started.map(({ attempts }) => attempts)).toEqual([0, 1]);
    stage.inFlight[0]?.succeed();
    await stage.pass();
    expect(stage.records.map(({ number, status }) => [number, status])).toEqual([
      [1, 'failure'],
      [2, 'success'],
    ]);
    expect(stage.stored.size).toBe(0);
  });

  test('end after the last attempt that is allowed', async () => {
    const stage = new Stage({}, { maxAttempts: 3 });
    stage.subscribe('a');
    stage.arrive('a');
    for (let round = 0; round < 10; round++) {
      await stage.pass(2_000);
      stage.inFlight[0]?.fail();
    }
    expect(
      stage.records.map(({ number, nextAttemptAt }) => [number, nextAttemptAt === null]),
    ).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(stage.stored.size).toBe(0);
  });
});
