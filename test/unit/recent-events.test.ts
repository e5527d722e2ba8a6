import { expect, test } from 'vitest';
import { RecentEvents } from '../../dist/deliveries/recent-events.js';

test('remembers what was added, and nothing else', () => {
  const recent = new RecentEvents(10);
  recent.add('a');
  expect(recent.has('a')).toBe(true);
  expect(recent.has('b')).toBe(false);
});

test('forgets the oldest first when it is full', () => {
  const recent = new RecentEvents(3);
  for (const fingerprint of ['a', 'b', 'c', 'd']) recent.add(fingerprint);
  expect(['a', 'b', 'c', 'd'].filter((fingerprint) => recent.has(fingerprint))).toEqual([
    'b',
    'c',
    'd',
  ]);
});

test('one added twice takes one place', () => {
  const recent = new RecentEvents(2);
  for (const fingerprint of ['a', 'b', 'b', 'b']) recent.add(fingerprint);
  expect(recent.has('a')).toBe(true);
});

test('forgets what is deleted, and has room for another then', () => {
  const recent = new RecentEvents(2);
  recent.add('a');
  recent.add('b');
  recent.delete('b');
  recent.add('c');
  expect(['a', 'b', 'c'].map((fingerprint) => recent.has(fingerprint))).toEqual([
    true,
    false,
    true,
  ]);
});
