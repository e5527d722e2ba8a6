import { describe, expect, test } from 'vitest';
import type { BusEvent } from '../../dist/model.js';
import { EventTaps, type Tap } from '../../dist/plugins/event-taps.js';
import { readableLog } from '../support/logs.ts';
import { sampleEvent } from '../support/samples.ts';

function setUp() {
  const wanted: string[] = [];
  const bindings = {
    want: (names: Iterable<string>) =>
      Promise.resolve(void wanted.push(...[...names].map((name) => `+${name}`))),
    release: (names: Iterable<string>) =>
      Promise.resolve(void wanted.push(...[...names].map((name) => `-${name}`))),
    problemOf: (name: string) =>
      name.length > 255 ? { message: 'must NOT have more than 255 bytes' } : undefined,
  };
  const { log, lines } = readableLog();
  return { taps: new EventTaps(bindings, log), wanted, lines };
}

function tapFor(more: Partial<Tap> = {}): Tap & { seen: BusEvent[] } {
  const seen: BusEvent[] = [];
  return {
    uuid: 'a-tap',
    eventNames: ['call_created'],
    headers: {},
    matchAll: true,
    wazoUuid: null,
    callback: (event) => void seen.push(event),
    seen,
    ...more,
  };
}

/** Does a tap get an event? */
async function gets(tap: Partial<Tap>, event: Partial<BusEvent>): Promise<boolean> {
  const { taps } = setUp();
  const added = tapFor(tap);
  await taps.add(added);
  taps.emit(sampleEvent(event));
  return added.seen.length === 1;
}

describe('a tap', () => {
  test('is let go of once, however often that is asked for', async () => {
    const { taps, wanted } = setUp();
    const tap = tapFor();
    await taps.add(tap);
    await Promise.all([taps.remove(tap), taps.remove(tap)]);
    await taps.remove(tapFor());
    expect(wanted).toEqual(['+call_created', '-call_created']);
    expect(taps.list()).toEqual([]);
  });

  test.each([
    [undefined, 'is a text'],
    [null, 'is a text'],
    [5, 'is a text'],
    ['', 'is a text'],
    ['n'.repeat(256), 'must NOT have more than 255 bytes'],
  ])('for the name %s is refused, and nothing is left of it', async (name, why) => {
    const { taps, wanted } = setUp();
    const tap = tapFor({ eventNames: ['call_created', name as string] });
    await expect(taps.add(tap)).rejects.toThrow(`the name of an event ${why}`);
    await taps.remove(tap);
    expect([wanted, taps.list()]).toEqual([[], []]);
  });

  test.each([
    { headers: null },
    { headers: ['internal'] },
    { headers: 'internal' },
    { headers: 5 },
  ])('with $headers for headers is refused, and nothing is left of it', async ({ headers }) => {
    const { taps, wanted } = setUp();
    const tap = tapFor({ headers: headers as never });
    await expect(taps.add(tap)).rejects.toThrow('`headers` of a subscription to events');
    taps.emit(sampleEvent());
    await taps.remove(tap);
    expect([wanted, taps.list()]).toEqual([[], []]);
  });

  test('gets the events it names', async () => {
    expect(await gets({ eventNames: ['a', 'b'] }, { name: 'b' })).toBe(true);
    expect(await gets({ eventNames: ['a', 'b'] }, { name: 'c' })).toBe(false);
    expect(await gets({ eventNames: ['toString'] }, { name: 'constructor' })).toBe(false);
  });

  test('asks for all its headers, or for one of them', async () => {
    const headers = { tenant: 't', internal: true };
    expect(await gets({ headers }, { headers: { ...headers, more: 1 } })).toBe(true);
    expect(await gets({ headers }, { headers: { tenant: 't' } })).toBe(false);
    expect(await gets({ headers, matchAll: false }, { headers: { tenant: 't' } })).toBe(true);
    expect(await gets({ headers, matchAll: false }, { headers: { tenant: 'x' } })).toBe(false);
    expect(await gets({ headers: { internal: true } }, { headers: { internal: 'true' } })).toBe(
      false,
    );
  });

  test('that asks for no header gets every event of the name', async () => {
    expect(await gets({ matchAll: false }, { headers: {} })).toBe(true);
  });

  test('asks for one server', async () => {
    expect(await gets({ wazoUuid: 'here' }, { originUuid: 'here' })).toBe(true);
    expect(await gets({ wazoUuid: 'here' }, { originUuid: 'there' })).toBe(false);
    expect(await gets({ wazoUuid: 'here' }, { originUuid: null })).toBe(false);
  });

  test('has its names bound as long as it is there', async () => {
    const { taps, wanted } = setUp();
    const tap = tapFor({ eventNames: ['a', 'b'] });
    await taps.add(tap);
    expect(taps.list()).toEqual([tap]);
    await taps.remove(tap);
    expect(wanted).toEqual(['+a', '+b', '-a', '-b']);
    taps.emit(sampleEvent({ name: 'a' }));
    expect({ seen: tap.seen, left: taps.list() }).toEqual({ seen: [], left: [] });
  });
});

describe('a callback that fails', () => {
  const boom = () => {
    throw new Error('boom');
  };
  test.each<[string, Partial<Tap>]>([
    ['throws', { callback: boom }],
    ['rejects', { callback: () => Promise.reject(new Error('boom')) }],
    ['is asked for with headers that throw', { headers: new Proxy({}, { ownKeys: boom }) }],
  ])('%s: it is logged, and the others get the event', async (_what, failing) => {
    const { taps, lines } = setUp();
    const other = tapFor({ uuid: 'other' });
    await taps.add(tapFor(failing));
    await taps.add(other);
    taps.emit(sampleEvent());
    await new Promise((resolve) => setImmediate(resolve));
    expect(other.seen).toHaveLength(1);
    expect(lines).toMatchObject([
      {
        level: 50,
        event: 'call_created',
        tap: 'a-tap',
        msg: "a plugin's event callback failed: boom",
      },
    ]);
  });
});
