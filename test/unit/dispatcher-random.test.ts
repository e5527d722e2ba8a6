import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Stage } from '../support/stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const uuids = ['a', 'b', 'c', 'ordered'];
const uuid = fc.constantFrom(...uuids);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      uuid,
      count: fc.integer({ min: 1, max: 12 }),
      size: fc.constantFrom(10, 400),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      place: fc.nat({ max: 20 }),
      fails: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      milliseconds: fc.constantFrom(0, 3, 25, 500, 1_500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reconsider' as const), uuid }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('service' as const), isThere: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('store' as const), isDown: fc.boolean() }) },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const limits = fc.record({
  maxInFlight: fc.integer({ min: 1, max: 6 }),
  maxInFlightPerSubscription: fc.integer({ min: 1, max: 4 }),
  maxHeld: fc.integer({ min: 1, max: 12 }),
  maxHeldPerSubscription: fc.integer({ min: 1, max: 8 }),
  maxHeldSize: fc.constantFrom(500, 100_000),
});

async function play(stage: Stage, action: Step): Promise<void> {
  switch (action.do) {
    case 'arrive':
      stage.arrive(action.uuid, action.count, { size: action.size });
      return;
    case 'end': {
      const attempt = stage.inFlight[action.place % Math.max(1, stage.inFlight.length)];
      if (action.fails) attempt?.fail();
      else attempt?.succeed();
      return;
    }
    case 'pass':
      await stage.pass(action.milliseconds);
      return;
    case 'reconsider':
      stage.dispatcher.reconsider(action.uuid);
      return;
    case 'service':
      if (action.isThere) stage.services.add('http');
      else stage.services.delete('http');
      stage.dispatcher.reconsiderAll();
      return;
    case 'store':
      stage.isStoreDown = action.isDown;
  }
}

test('whatever happens in whatever order, every delivery gets its attempts, each once and within the limits', async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 60 }), async (drawn, steps) => {
      const stage = new Stage(drawn, { maxAttempts: 4 });
      stage.subscribe(...uuids);
      stage.put({ uuid: 'ordered', delivery: { ordered: true } });
      const checkLimits = () => {
        const held = stage.inFlight.map(({ delivery }) => delivery);
        expect(held.length).toBeLessThanOrEqual(drawn.maxInFlight);
        expect(new Set(held.map(({ id }) => id)).size).toBe(held.length);
        for (const one of uuids) {
          expect(
            held.filter(({ subscriptionUuid }) => subscriptionUuid === one).length,
          ).toBeLessThanOrEqual(one === 'ordered' ? 1 : drawn.maxInFlightPerSubscription);
        }
      };
      for (const action of steps) {
        await play(stage, action);
        checkLimits();
      }
      stage.isStoreDown = false;
      stage.services.add('http');
      stage.dispatcher.reconsiderAll();
      for (let round = 0; round < 400 && stage.stored.size > 0; round++) {
        for (const attempt of [...stage.inFlight]) attempt.succeed();
        await stage.pass(round < 200 ? 30 : 1_000);
        checkLimits();
      }
      expect(stage.stored.size).toBe(0);
      const attempts = stage.started.map(({ id, attempts: number }) => `${id}#${number}`);
      expect(new Set(attempts).size).toBe(attempts.length);
      expect(stage.records).toHaveLength(attempts.length);
      const inOrder = attempts.filter((attempt) => attempt.startsWith('ordered'));
      expect(inOrder).toEqual([...inOrder].sort());
    }),
    { numRuns: 150 },
  );
});
