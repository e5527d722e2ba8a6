import { describe, expect, test } from 'vitest';
import { Lane, Load } from '../../dist/deliveries/lane.js';
import { sampleDelivery } from '../support/samples.ts';

describe('a lane', () => {
  test('keeps first attempts and retries apart, and counts both', () => {
    const lane = new Lane('s', new Load());
    const [first, retry] = [sampleDelivery({ size: 10 }), sampleDelivery({ attempts: 2, size: 5 })];
    lane.hold(first);
    lane.hold(retry);
    expect(lane).toMatchObject({
      fresh: [first],
      retries: [retry],
      held: 2,
      waiting: 2,
      heldSize: 15,
    });
  });

  test('lets go of a delivery once, however often it is told to', () => {
    const lane = new Lane('s', new Load());
    const [one, other] = [sampleDelivery({ size: 10 }), sampleDelivery({ size: 7 })];
    lane.hold(one);
    lane.hold(other);
    lane.release(one);
    lane.release(one);
    expect(lane).toMatchObject({ held: 1, heldSize: 7 });
    expect(lane.knownIds().has(one.id)).toBe(false);
    expect(lane.knownIds().has(other.id)).toBe(true);
  });

  test('remembers the earliest time of what waits in the store', () => {
    const lane = new Lane('s', new Load());
    lane.leaveInStore(20);
    lane.leaveInStore(10);
    lane.leaveInStore(30);
    expect(lane.storedDueAt).toBe(10);
  });

  test('notes anew what comes into the store while it is being asked', () => {
    const lane = new Lane('s', new Load());
    lane.leaveInStore(10);
    lane.beginFetch();
    expect(lane.storedDueAt).toBe(Infinity);
    lane.leaveInStore(25);
    lane.endFetch();
    expect(lane.storedDueAt).toBe(25);
  });

  test('knows what was settled while the store is being asked, and forgets it after the answer', () => {
    const lane = new Lane('s', new Load());
    const delivery = sampleDelivery();
    lane.hold(delivery);
    lane.beginFetch();
    lane.release(delivery);
    expect(lane.knownIds().has(delivery.id)).toBe(true);
    lane.endFetch();
    expect(lane.knownIds().has(delivery.id)).toBe(false);
  });

  test('tells an answer of the store apart that was asked for before what waited was let go', () => {
    const lane = new Lane('s', new Load());
    lane.releaseWaiting();
    expect(lane.isOutdated).toBe(false);
    lane.beginFetch();
    expect(lane.isOutdated).toBe(false);
    lane.releaseWaiting();
    expect(lane.isOutdated).toBe(true);
    lane.endFetch();
    expect(lane.isOutdated).toBe(false);
  });

  test('is idle only with nothing held, nothing stored and nothing asked', () => {
    const lane = new Lane('s', new Load());
    expect(lane.isIdle).toBe(true);
    const delivery = sampleDelivery();
    lane.hold(delivery);
    expect(lane.isIdle).toBe(false);
    lane.release(delivery);
    lane.beginFetch();
    expect(lane.isIdle).toBe(false);
    lane.endFetch();
    expect(lane.isIdle).toBe(true);
    lane.leaveInStore(5);
    expect(lane.isIdle).toBe(false);
  });
});
