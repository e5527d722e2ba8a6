import type { Channel } from 'amqplib';
import { describe, expect, test } from 'vitest';
import { Bindings } from '../../dist/bus/topology.js';
import { busConfig } from '../support/config.ts';
import { readableLog } from '../support/logs.ts';

/** Keeps bindings as a broker does (what is bound twice is unbound by once), and is used up by a key it cannot write. */
function setUp(bus: string) {
  const bound = new Set<string>();
  const binding = (key: string, args: object) => `${key} ${JSON.stringify(args)}`;
  let isStuck = false;
  const channel = {
    bindQueue: (_queue: string, _exchange: string, key: string, args: object) => {
      isStuck ||= Buffer.byteLength(key) > 255;
      return isStuck
        ? new Promise(() => undefined)
        : Promise.resolve(void bound.add(binding(key, args)));
    },
    unbindQueue: (_queue: string, _exchange: string, key: string, args: object) =>
      Promise.resolve(void bound.delete(binding(key, args))),
  };
  const { log, lines } = readableLog();
  return {
    bindings: new Bindings(busConfig(`bus: ${bus}`), log),
    lines,
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

describe('what is released while there is no channel', () => {
  const isGone = async ({ bindings, bound, channel }: ReturnType<typeof setUp>) => {
    bindings.detach(channel);
    await bindings.release(['*']);
    await bindings.attach(channel);
    expect([...bound]).toEqual(['a {}']);
  };

  test('is unbound on the next one', async () => {
    const scene = setUp('{ exchange_type: topic }');
    await scene.bindings.want(['a', '*']);
    await scene.bindings.attach(scene.channel);
    expect([...scene.bound].sort()).toEqual(['# {}', 'a {}']);
    await isGone(scene);
  });

  test('is unbound also when the channel ended before the broker said that it was bound', async () => {
    const scene = setUp('{ exchange_type: topic }');
    await scene.bindings.want(['a', '*']);
    const dying = {
      bindQueue: async (...args: Parameters<Channel['bindQueue']>) => {
        await scene.channel.bindQueue(...args);
        throw new Error('the channel ended');
      },
    } as unknown as Channel;
    await expect(scene.bindings.attach(dying)).rejects.toThrow('the channel ended');
    scene.bindings.detach(dying);
    await isGone(scene);
  });
});

test('names have bindings of their own on a headers exchange', async () => {
  const { bindings, bound, channel } = setUp('{ exchange_type: headers }');
  await bindings.attach(channel);
  await bindings.want(['a', 'b']);
  await bindings.release(['a']);
  expect([...bound]).toEqual([' {"x-match":"all","name":"b"}']);
});

test('a name is in the key as it is, whatever it means to JavaScript', async () => {
  const { bindings, bound, channel } = setUp('{ exchange_type: topic }');
  await bindings.want(['a$$b', 'a$&b']);
  await bindings.attach(channel);
  expect([...bound]).toEqual(['a$$b {}', 'a$&b {}']);
});

describe('a name that cannot be bound', () => {
  test.each([
    ['{ exchange_type: topic }', 'n'.repeat(256), 'must NOT have more than 255 bytes in UTF-8'],
    ['{ exchange_type: headers }', 'n'.repeat(256), 'must NOT have more than 255 bytes in UTF-8'],
    [
      "{ exchange_type: direct, routing_key: 'wazo.{name}' }",
      'é'.repeat(126),
      'must NOT make a routing key of more than 255 bytes in UTF-8',
    ],
    ['{ exchange_type: direct }', 'call_*', 'must NOT be a pattern: the bus has a direct exchange'],
  ])('with %s is left out and told of once: %s', async (bus, name, why) => {
    const { bindings, bound, lines, channel } = setUp(bus);
    expect(bindings.problemOf(name)).toMatchObject({ message: why });
    await bindings.want([name]);
    await bindings.attach(channel);
    await bindings.want(['fine', name]);
    expect(bound.size).toBe(1);
    await bindings.release([name, 'fine']);
    expect(bound.size).toBe(0);
    expect(lines).toMatchObject([
      { level: 40, event: name, msg: `no event of this name comes: it ${why}` },
    ]);
  });

  test('is no pattern where all names have one key', () => {
    const { bindings } = setUp("{ exchange_type: direct, routing_key: 'wazo' }");
    expect(bindings.problemOf('call_*')).toBeUndefined();
  });

  test('is none that just fits, nor a pattern, which is not in the key', () => {
    const { bindings } = setUp("{ exchange_type: topic, routing_key: 'wazo.{name}' }");
    expect(bindings.problemOf('n'.repeat(250))).toBeUndefined();
    expect(bindings.problemOf(`${'n'.repeat(254)}*`)).toBeUndefined();
  });
});
