import type { Channel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { Bindings } from '../../dist/bus/topology.js';
import { busConfig } from '../support/config.ts';

/** Keeps bindings as a broker does: what is bound twice is unbound by once. */
function setUp(bus: string) {
  const bound = new Set<string>();
  const binding = (key: string, args: object) => `${key} ${JSON.stringify(args)}`;
  const channel = {
    bindQueue: (_queue: string, _exchange: string, key: string, args: object) =>
      Promise.resolve(void bound.add(binding(key, args))),
    unbindQueue: (_queue: string, _exchange: string, key: string, args: object) =>
      Promise.resolve(void bound.delete(binding(key, args))),
  };
  return {
    bindings: new Bindings(busConfig(`bus: ${bus}`)),
    bound,
    channel: channel as unknown as Channel,
  };
}

describe('a binding that names share', () => {
  test.each([
    ['a fanout exchange', '{ exchange_type: fanout }', ['a', 'b*'], ' {}'],
    ['a fixed key', "{ exchange_type: topic, routing_key: 'wazo.key' }", ['a', 'b'], 'wazo.key {}'],
    ['everything and its own name', '{ exchange_type: topic }', ['#', 'b*'], '# {}'],
    ['patterns', '{ exchange_type: headers }', ['a*', '*b'], ' {"x-match":"all"}'],
  ])('by %s is there for as long as one of them is wanted', async (_what, bus, names, shared) => {
    const { bindings, bound, channel } = setUp(bus);
    const [first = '', second = ''] = names;
    await bindings.want([first, second]);
    await bindings.attach(channel);
    expect([...bound]).toEqual([shared]);
    await bindings.release([first]);
    expect([...bound]).toEqual([shared]);
    await bindings.release([second]);
    expect([...bound]).toEqual([]);
  });
});

test('names have bindings of their own on a headers exchange', async () => {
  const { bindings, bound, channel } = setUp('{ exchange_type: headers }');
  await bindings.attach(channel);
  await bindings.want(['a', 'b']);
  await bindings.release(['a']);
  expect([...bound]).toEqual([' {"x-match":"all","name":"b"}']);
});
