import { expect, test } from 'vitest';
import { AddressCounter } from '../../dist/api/address-counter.js';

function counter(limit = 2, length = 10_000) {
  const clock = { now: 0 };
  return { clock, counter: new AddressCounter(limit, length, () => clock.now) };
}

test('what is more than the limit is over, until the window has ended', () => {
  const { clock, counter: one } = counter();
  expect([one.add('1.2.3.4'), one.add('1.2.3.4')].map(({ isOver }) => isOver)).toEqual([
    false,
    false,
  ]);
  clock.now = 4_500;
  expect(one.add('1.2.3.4')).toEqual({ count: 3, isOver: true, retryAfter: 6 });
  clock.now = 9_999;
  expect(one.add('1.2.3.4')).toMatchObject({ isOver: true, retryAfter: 1 });
  clock.now = 10_000;
  expect(one.add('1.2.3.4')).toMatchObject({ count: 1, isOver: false });
});

test('addresses are counted apart, a network of IPv6 together', () => {
  const { counter: one } = counter();
  const count = (address: string) => one.add(address).count;
  expect([count('1.2.3.4'), count('1.2.3.5'), count('::ffff:1.2.3.4')]).toEqual([1, 1, 2]);
  expect([count('2001:db8:0:1::1'), count('2001:db8::1:ffff:0:0:1'), count('2001:db8::2')]).toEqual(
    [1, 2, 1],
  );
  expect([count('fe80::1%eth0'), count('fe80::2'), count('::1'), count('::')]).toEqual([
    1, 2, 1, 2,
  ]);
});

test('ten thousand addresses are remembered, the latest ones', () => {
  const { counter: one } = counter();
  one.add('first');
  for (let number = 1; number <= 10_000; number++) one.add(`address ${number}`);
  expect(one.add('address 1').count).toBe(2);
  expect(one.add('address 10000').count).toBe(2);
  expect(one.add('first').count).toBe(1);
});

test('an address whose window began anew is not the oldest', () => {
  const { clock, counter: one } = counter(2, 10);
  one.add('first');
  one.add('second');
  clock.now = 10;
  one.add('first');
  for (let number = 2; number <= 10_000; number++) one.add(`address ${number}`);
  expect(one.add('first').count).toBe(2);
  expect(one.add('second').count).toBe(1);
});
