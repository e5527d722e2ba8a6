import { expect, test } from 'vitest';
import { seededRandom } from '../chaos/random.ts';
import { studentQuantile, trendOf } from '../soak/trend.ts';

/** About normal, by the sum of twelve. */
const noise = (random: () => number) =>
  Array.from({ length: 12 }, random).reduce((all, value) => all + value, -6);

const minutes = (count: number) =>
  Array.from({ length: count * 12 }, (_, place) => place / 12 / 60);

test('a line without noise has exactly its slope', () => {
  const trend = trendOf(
    minutes(60).map((x) => ({ x, y: 80 + 3 * x })),
    1 / 60,
  );
  expect(trend?.slope).toBeCloseTo(3, 6);
  expect(trend?.low).toBeCloseTo(3, 4);
  expect(trend?.high).toBeCloseTo(3, 4);
  expect(trend?.intercept).toBeCloseTo(80, 6);
  expect(trend?.blocks).toBe(60);
});

test('too few blocks have no trend', () => {
  expect(trendOf([], 1 / 60)).toBeUndefined();
  expect(
    trendOf(
      minutes(5).map((x) => ({ x, y: x })),
      1 / 60,
    ),
  ).toBeUndefined();
});

test('the interval holds the true slope about 95 times of 100, for noise that remembers too', () => {
  const random = seededRandom(7);
  const share = (memory: number) => {
    let held = 0;
    for (let run = 0; run < 300; run++) {
      let state = 0;
      const points = minutes(60).map((x) => {
        state = memory * state + noise(random);
        return { x, y: 100 + 2 * x + state };
      });
      const trend = trendOf(points, 1 / 60);
      if (trend !== undefined && trend.low <= 2 && trend.high >= 2) held++;
    }
    return held / 300;
  };
  expect(share(0)).toBeGreaterThan(0.9);
  // Memory of about two minutes: that is what blocks of one minute alone do not get rid of.
  expect(share(0.96)).toBeGreaterThan(0.85);
});

test('a leak of 5 MiB an hour in a saw of 4 MiB is seen', () => {
  const random = seededRandom(3);
  const points = minutes(50).map((x, place) => ({
    x,
    y: 100 + 5 * x + (place % 30) / 7 + noise(random),
  }));
  expect(trendOf(points, 1 / 60)?.low).toBeGreaterThan(1);
});

test.each([
  [4, 2.776],
  [10, 2.228],
  [30, 2.042],
  [1e9, 1.96],
])('the quantile for %d degrees of freedom is %d', (freedom, expected) => {
  expect(Math.abs(studentQuantile(freedom) - expected)).toBeLessThan(0.005);
});
