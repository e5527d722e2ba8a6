import type { ConsumeMessage } from 'amqplib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConsumerSession } from '../../dist/bus/consumer.js';
import { Intake } from '../../dist/deliveries/intake.js';
import { RecentEvents } from '../../dist/deliveries/recent-events.js';
import type { BusEvent, Delivery, Subscription } from '../../dist/model.js';
import type { EventRecord } from '../../dist/store/store.js';
import { readableLog, silentLog } from '../support/logs.ts';
import { deepJson, type MessageParts, sampleMessage } from '../support/messages.ts';
import { sampleSubscription } from '../support/samples.ts';

/** Intake between a broker that notes what it is told and commits that end when the test says so. */
function setUp({
  log = silentLog,
  before = (): Promise<void> | undefined => undefined,
  pressure = () => 0,
}: {
  log?: typeof silentLog;
  before?: (event: BusEvent) => Promise<void> | undefined;
  pressure?: () => number;
} = {}) {
  const told: string[] = [];
  const commits: { record: EventRecord; done: (error?: Error) => void }[] = [];
  const handedOn: Delivery[] = [];
  const seen: BusEvent[] = [];
  const wanted = new Map<string, Subscription[]>([
    ['call_created', [sampleSubscription({ uuid: 's' })]],
  ]);
  const intake = new Intake({
    filter: { passes: () => true },
    matcher: { match: ({ name }) => wanted.get(name) ?? [] },
    commits: { addEvent: (record, done) => void commits.push({ record, done }) },
    recent: new RecentEvents(100),
    onCommitted: (deliveries) => void handedOn.push(...deliveries),
    pressure,
    onEvent: (event) => {
      seen.push(event);
      return before(event);
    },
    maxMessageSize: 1_000_000,
    log,
  });
  const session = (name = '') => {
    const channel = {
      ack: ({ fields }: ConsumeMessage, upTo: boolean) =>
        void told.push(`${name}ack ${upTo ? '..' : ''}${fields.deliveryTag}`),
      nack: ({ fields }: ConsumeMessage, _all: boolean, requeue: boolean) =>
        void told.push(`${name}${requeue ? 'requeue' : 'reject'} ${fields.deliveryTag}`),
    };
    return new ConsumerSession(
      channel as unknown as ConstructorParameters<typeof ConsumerSession>[0],
      silentLog,
      'dead-letter',
    );
  };
  const first = session();
  return {
    intake,
    told,
    commits,
    handedOn,
    seen,
    wanted,
    session,
    receive: (parts: MessageParts, on = first) => intake.receive(sampleMessage(parts), on),
    /** Lets the microtasks run in which acks are gathered. */
    settle: () => new Promise<void>((resolve) => setImmediate(resolve)),
    commit: (place: number, error?: Error) => commits[place]?.done(error),
  };
}

const unwanted = { body: { name: 'nobody_wants_this' } };
const event = (id: number, tag = id): MessageParts => ({
  body: { name: 'call_created', data: { id } },
  messageId: `m-${id}`,
  tag,
});

test('nothing is acked while something is to be done first, and what follows is taken in', async () => {
  let done: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (done = resolve));
  const { receive, told, commits, handedOn, settle, commit } = setUp({
    before: ({ name }) => (name === 'nobody_wants_this' ? work : undefined),
  });
  receive({ ...unwanted, tag: 1 });
  receive(event(1, 2));
  await settle();
  expect(commits).toHaveLength(1);
  commit(0);
  await settle();
  expect(handedOn).toHaveLength(1);
  expect(told).toEqual([]);
  done();
  await settle();
  expect(told).toEqual(['ack ..2']);
});

describe('pressure', () => {
  const receiveAll = (receive: (parts: MessageParts) => void, count: number) => {
    for (let id = 1; id <= count; id++) receive(event(id));
  };

  test('lets no more in than are under way, until some are done', () => {
    let pressure = 0;
    const { receive, intake, commits } = setUp({ pressure: () => pressure });
    pressure = 110;
    receiveAll(receive, 100);
    expect(commits).toHaveLength(10);
    intake.relieve();
    expect(commits).toHaveLength(10);
    pressure = 70;
    intake.relieve();
    expect(commits.length).toBeGreaterThan(10);
    expect(commits.length).toBeLessThan(100);
    pressure = 0;
    intake.relieve();
    expect(commits).toHaveLength(100);
  });

  test('that what was committed does not add to ends with the commit', async () => {
    const { receive, commits, told, settle } = setUp();
    receiveAll(receive, 1_000);
    expect(commits.length).toBeLessThan(1_000);
    for (let at = 0; at < commits.length; at++) {
      commits[at]?.done();
      if (at === commits.length - 1) await settle();
    }
    expect(commits).toHaveLength(1_000);
    expect(told.at(-1)).toBe('ack ..1000');
  });

  test('does not hold up what nobody wants', () => {
    let pressure = 1_000;
    const { receive, intake, commits, seen } = setUp({ pressure: () => pressure });
    for (let tag = 1; tag <= 500; tag++) receive({ ...unwanted, tag });
    receive(event(1, 501));
    pressure = 0;
    intake.relieve();
    expect(seen).toHaveLength(501);
    expect(commits).toHaveLength(1);
  });

  test('is not waited for much longer than others can wait', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { receive, commits } = setUp({ pressure: () => 1_000 });
    receiveAll(receive, 3);
    vi.advanceTimersByTime(249);
    expect(commits).toHaveLength(0);
    vi.advanceTimersByTime(1);
    expect(commits).toHaveLength(3);
  });
});

describe('an event somebody wants', () => {
  test('is acked and handed on only after its commit', async () => {
    const { receive, told, commits, handedOn, settle, commit } = setUp();
    receive(event(1));
    await settle();
    expect({ told, handedOn, commits: commits.length }).toEqual({
      told: [],
      handedOn: [],
      commits: 1,
    });
    commit(0);
    await settle();
    expect(told).toEqual(['ack ..1']);
    expect(handedOn).toMatchObject([
      { subscriptionUuid: 's', attempts: 0, event: { name: 'call_created', data: { id: 1 } } },
    ]);
  });

  test('is kept once with a delivery for each subscription, each with an id of its own', () => {
    const { receive, commits, wanted } = setUp();
    wanted.set(
      'call_created',
      ['a', 'b', 'c'].map((uuid) => sampleSubscription({ uuid })),
    );
    receive({ ...event(1), headers: { tenant_uuid: 't' } });
    expect(commits).toHaveLength(1);
    const { record } = commits[0] ?? {};
    expect(record).toMatchObject({
      name: 'call_created',
      data: '{"id":1}',
      headers: '{"tenant_uuid":"t"}',
      fingerprint: expect.any(String) as string,
    });
    expect(record?.deliveries.map(({ subscriptionUuid }) => subscriptionUuid)).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(new Set(record?.deliveries.map(({ id }) => id)).size).toBe(3);
    expect(record?.deliveries[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  test('of those that share a commit, the last is acked for all', async () => {
    const { receive, told, handedOn, settle, commit } = setUp();
    for (const id of [1, 2, 3]) receive(event(id));
    for (const place of [0, 1, 2]) commit(place);
    await settle();
    expect(told).toEqual(['ack ..3']);
    expect(handedOn.map(({ event: { data } }) => data)).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });
});

describe('an event nobody wants', () => {
  test('is acked at once, and nothing is written', async () => {
    const { receive, told, commits, settle } = setUp();
    receive({ ...unwanted, tag: 7 });
    await settle();
    expect({ told, commits }).toEqual({ told: ['ack ..7'], commits: [] });
  });

  test('is still shown to plugins that listen', () => {
    const { receive, seen } = setUp();
    receive(unwanted);
    expect(seen.map(({ name }) => name)).toEqual(['nobody_wants_this']);
  });

  test('does not ack what came before it and is not on disk yet', async () => {
    const { receive, told, settle, commit } = setUp();
    receive(event(1));
    receive({ ...unwanted, tag: 2 });
    await settle();
    expect(told).toEqual([]);
    commit(0);
    await settle();
    expect(told).toEqual(['ack ..2']);
  });

  test('after another commit began does not ack that one', async () => {
    const { receive, told, settle, commit } = setUp();
    receive(event(1));
    receive(event(2));
    receive({ ...unwanted, tag: 3 });
    commit(0);
    await settle();
    expect(told).toEqual(['ack ..1']);
    commit(1);
    await settle();
    expect(told).toEqual(['ack ..1', 'ack ..3']);
  });
});

describe('a second copy of an event', () => {
  test('is acked and not kept again', async () => {
    const { receive, told, commits, handedOn, settle, commit } = setUp();
    receive(event(1, 1));
    commit(0);
    await settle();
    receive(event(1, 2));
    await settle();
    expect({ told, commits: commits.length, handedOn: handedOn.length }).toEqual({
      told: ['ack ..1', 'ack ..2'],
      commits: 1,
      handedOn: 1,
    });
  });

  test('that comes before the first is on disk waits for it, on a channel of its own too', async () => {
    const { receive, told, settle, commit, session } = setUp();
    const next = session('next: ');
    receive(event(1, 1));
    receive(event(1, 1), next);
    await settle();
    expect(told).toEqual([]);
    commit(0);
    await settle();
    expect(told).toEqual(['ack ..1', 'next: ack ..1']);
  });

  test('is kept when the first could not be', async () => {
    const { receive, commits, settle, commit } = setUp();
    receive(event(1, 1));
    commit(0, new Error('too large'));
    await settle();
    receive(event(1, 2));
    expect(commits).toHaveLength(2);
  });

  test('without identity is another event', () => {
    const { receive, commits } = setUp();
    receive({ tag: 1 });
    receive({ tag: 2 });
    expect(commits).toHaveLength(2);
  });
});

describe('a message that is no event', () => {
  test.each([
    ['not JSON', Buffer.from('hello')],
    [
      'nested so deeply that it cannot be written',
      Buffer.from(`{"name":"call_created","data":${deepJson(100_000)}}`),
    ],
  ])(
    '%s: it is rejected, counted, and logged once; the next event is served',
    async (_what, body) => {
      const { log, lines } = readableLog();
      const { receive, told, settle, commit, intake } = setUp({ log });
      receive({ body, tag: 1, messageId: 'bad' });
      receive(event(2));
      commit(0);
      await settle();
      expect(told).toEqual(['reject 1', 'ack ..2']);
      expect(intake.rejected).toBe(1);
      expect(lines).toMatchObject([
        {
          level: 40,
          message_id: 'bad',
          exchange: 'wazo-headers',
          msg: expect.stringMatching(/^message sent to the dead-letter queue: /) as string,
        },
      ]);
    },
  );
});

test('a message that makes something throw is put aside, and the next event is served', async () => {
  const { log, lines } = readableLog();
  const { receive, told, settle, commit } = setUp({
    log,
    before: ({ data }) => {
      if ((data as { id: number }).id === 1) throw new Error('broken');
      return undefined;
    },
  });
  receive(event(1));
  receive(event(2));
  commit(0);
  await settle();
  expect(told).toEqual(['reject 1', 'ack ..2']);
  expect(lines).toMatchObject([
    { level: 50, msg: 'a message cannot be taken in; this is a bug', err: { message: 'broken' } },
    { level: 40, msg: 'message sent to the dead-letter queue: it cannot be taken in: broken' },
  ]);
});

describe('an event that cannot be stored', () => {
  test('is rejected alone: those before and after it are acked', async () => {
    const { receive, told, handedOn, settle, commit, intake } = setUp();
    for (const id of [1, 2, 3]) receive(event(id));
    commit(0);
    commit(1, new Error('too large'));
    commit(2);
    await settle();
    expect(told).toEqual(['reject 2', 'ack ..3']);
    expect(handedOn.map(({ event: { data } }) => data)).toEqual([{ id: 1 }, { id: 3 }]);
    expect(intake.rejected).toBe(1);
  });

  test('does not keep what nobody wanted after it from being acked', async () => {
    const { receive, told, settle, commit } = setUp();
    receive(event(1));
    receive({ ...unwanted, tag: 2 });
    commit(0, new Error('too large'));
    await settle();
    expect(told).toEqual(['reject 1', 'ack ..2']);
  });
});

test('acks of a channel that has ended go nowhere, and the deliveries are handed on all the same', async () => {
  const { receive, told, handedOn, settle, commit, session } = setUp();
  const ended = session();
  receive(event(1), ended);
  ended.end();
  commit(0);
  await settle();
  expect(told).toEqual([]);
  expect(handedOn).toHaveLength(1);
});

test('what waits when its session ends is left to the broker, which delivers it again', async () => {
  let pressure = 1_000;
  const { intake, receive, session, commits, told, settle } = setUp({ pressure: () => pressure });
  const lost = session('lost ');
  receive(event(1), lost);
  receive({ body: Buffer.from('bad'), tag: 2 }, lost);
  lost.end();
  receive(event(1, 3));
  pressure = 0;
  intake.relieve();
  await settle();
  expect(commits.map(({ record }) => record.name)).toEqual(['call_created']);
  expect(intake.rejected).toBe(0);
  commits[0]?.done();
  await settle();
  expect(told).toEqual(['ack ..3']);
});
