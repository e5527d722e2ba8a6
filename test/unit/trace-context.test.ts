import { describe, expect, test } from 'vitest';
import { traceOf, withTrace } from '../../dist/observing/trace-context.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a trace', () => {
  test('is what W3C’s Trace Context says', () => {
    expect(traceOf({ traceparent })).toEqual({ traceparent });
  });

  test.each([
    ['none', undefined],
    ['no text', 1],
    ['empty', ''],
    ['upper case', traceparent.toUpperCase()],
    ['an all-zero trace', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['an all-zero span', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['an unknown version', `ff${traceparent.slice(2)}`],
    ['something behind it', `${traceparent}-x`],
    ['a line break', `${traceparent}\n`],
    ['a header behind it', `${traceparent}\r\nwebhook-id: forged`],
  ])('%s is none', (_what, value) => {
    expect(traceOf(value === undefined ? {} : { traceparent: value })).toBeUndefined();
  });

  test.each([
    'a=b',
    'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    'fw529a3039@dt=FfAg , a=1',
    'a=b,,c=d',
  ])('the state %j goes along', (tracestate) => {
    expect(traceOf({ traceparent, tracestate })).toEqual({ traceparent, tracestate });
  });

  test.each([
    '',
    'a',
    'A=b',
    'a=b\r\nx: y',
    'a=b\n',
    'a=é',
    `a=${'b'.repeat(600)}`,
    Array.from({ length: 33 }, (_, place) => `k${place}=v`).join(','),
    1,
  ])('the state %j does not', (tracestate) => {
    expect(traceOf({ traceparent, tracestate })).toEqual({ traceparent });
  });
});

test('another trace takes the place of the former, its state too', () => {
  const headers = { name: 'x', traceparent: 'old', tracestate: 'old=1' };
  expect(withTrace(headers, { traceparent })).toEqual({ name: 'x', traceparent });
  expect(withTrace(headers, { traceparent, tracestate: 'a=b' })).toEqual({
    name: 'x',
    traceparent,
    tracestate: 'a=b',
  });
});
