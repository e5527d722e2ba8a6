/** `webhookd/testing`: services run in a unit test as the daemon would run them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import {
  HookExpectedError,
  HookRetry,
  batch,
  Handler,
  request,
  type AttemptContext,
  type BusEvent,
  type PluginCradle,
  type Subscription,
} from 'webhookd/plugin';
import {
  createHarness,
  type HarnessOptions,
  InvalidSubscription,
  type TestDelivery,
} from 'webhookd/testing';
import ExampleService from '../../plugins/example/dist/plugin.js';

/** Does what the subscription's config tells it. */
class HandmadeService {
  static readonly configSchema = {
    type: 'object',
    required: ['act'],
    properties: { act: { type: 'string' }, color: { type: 'string', default: 'blue' } },
  };

  readonly seen: BusEvent[] = [];
  isDisposed = false;

  constructor(private readonly cradle: PluginCradle) {}

  async load({ busConsumer, statusAggregator, api }: PluginCradle): Promise<void> {
    await busConsumer.subscribe('call_created', (event) => void this.seen.push(event), {
      headers: { tenant_uuid: 't1' },
    });
    statusAggregator.addProvider((status) => {
      status['handmade'] = { status: 'ok' };
    });
    api.get('/handmade', () => Promise.resolve({ seen: this.seen.length }));
  }

  async callback({ config }: Subscription, event: BusEvent, context: AttemptContext) {
    switch (config['act'] as string) {
      case 'answer':
        return {
          color: config['color'] ?? null,
          delivery: context.delivery.id,
          attempt: context.attempt,
          of: context.maxAttempts,
        };
      case 'retry':
        throw new HookRetry({ error: 'busy' }, { after: 30 });
      case 'give up':
        throw new HookExpectedError({ error: 'gone' });
      case 'publish':
        await this.cradle.busPublisher.publish({ name: 'handmade_done', data: event.data });
        return;
      case 'change the event':
        (event.data as { id: number }).id = 0;
        return;
      case 'wait':
        await sleep(60_000, undefined, { signal: context.signal });
        return;
      default:
        throw new Error('no such act');
    }
  }

  dispose(): void {
    this.isDisposed = true;
  }
}

async function handmade(options?: HarnessOptions) {
  const harness = await createHarness(HandmadeService, options);
  onTestFinished(() => harness.dispose());
  return harness;
}

const event = { name: 'call_created', data: { id: 7 } };
const told = (act: string, more: Partial<TestDelivery> = {}): TestDelivery => ({
  event,
  config: { act },
  ...more,
});

test('the example service sleeps, says so in its log, and succeeds', async () => {
  const harness = await createHarness(ExampleService, { service: 'example' });
  onTestFinished(() => harness.dispose());
  const outcome = await harness.deliver({ event, config: { sleep_time: 0.01 } });
  expect(outcome).toMatchObject({ status: 'success', detail: { slept: 0.01 } });
  expect(harness.log).toContainEqual(
    expect.objectContaining({
      level: 'info',
      service: 'example',
      msg: 'slept 0.01 s over call_created',
    }),
  );
});

test('a config that does not fit the schema is refused with the field', async () => {
  const harness = await createHarness(ExampleService);
  onTestFinished(() => harness.dispose());
  const refused = harness.deliver({ event, config: { sleep_time: -1 } });
  await expect(refused).rejects.toThrow(InvalidSubscription);
  await expect(refused).rejects.toThrow('config.sleep_time');
});

test('a returned detail is a success; defaults of the schema are filled in, the context is the attempt’s', async () => {
  const harness = await handmade({ config: { hook_max_attempts: 4 } });
  const outcome = await harness.deliver(told('answer', { id: 'an-id', attempt: 3 }));
  expect(outcome).toMatchObject({
    status: 'success',
    detail: { color: 'blue', delivery: 'an-id', attempt: 3, of: 4 },
  });
});

test.each([
  ['retry', { status: 'failure', detail: { error: 'busy' }, after: 30 }],
  ['give up', { status: 'error', detail: { error: 'gone' }, after: undefined }],
  ['anything else', { status: 'error', detail: { error: 'no such act' }, after: undefined }],
])('what is thrown decides: %s', async (act, expected) => {
  const harness = await handmade();
  expect(await harness.deliver(told(act))).toEqual({ ...expected, requests: [] });
});

test('only an error nobody foresaw is logged with its stack', async () => {
  const harness = await handmade();
  await harness.deliver(told('give up'));
  expect(harness.log).toEqual([]);
  await harness.deliver(told('anything else'));
  expect(harness.log).toContainEqual(
    expect.objectContaining({
      level: 'error',
      err: expect.objectContaining({ message: 'no such act' }) as unknown,
    }),
  );
});

test('an attempt that the signal cuts does not count', async () => {
  const harness = await handmade();
  const stop = new AbortController();
  const outcome = harness.deliver(told('wait', { signal: stop.signal }));
  stop.abort();
  expect(await outcome).toMatchObject({ status: 'cut' });
});

test('a service that changes the event is found out', async () => {
  const harness = await handmade();
  expect(await harness.deliver(told('change the event'))).toMatchObject({ status: 'error' });
  expect(event.data.id).toBe(7);
});

test('published events are captured', async () => {
  const harness = await handmade();
  await harness.deliver(told('publish'));
  expect(harness.published).toEqual([{ name: 'handmade_done', data: { id: 7 } }]);
});

test('raw events reach the callbacks whose headers fit', async () => {
  const harness = await handmade();
  harness.emit({ ...event, headers: { tenant_uuid: 't2' } });
  harness.emit({ ...event, headers: { tenant_uuid: 't1' } });
  expect(harness.service.seen).toHaveLength(1);
  expect(await harness.cradle.busConsumer.bindings()).toHaveLength(1);
});

test('routes and status are those of the daemon', async () => {
  const harness = await handmade();
  const answer = await harness.api.inject('/1.0/handmade');
  expect(answer.json()).toEqual({ seen: 0 });
  expect(await harness.status()).toEqual({ handmade: { status: 'ok' } });
});

test('a subscription that was made before can be delivered', async () => {
  const harness = await handmade();
  const subscription = await harness.subscriptions.create({
    name: 'mine',
    service: 'test',
    events: ['call_created'],
    config: { act: 'answer', color: 'red' },
  });
  expect(await harness.deliver({ event, subscription })).toMatchObject({
    detail: { color: 'red' },
  });
  expect(await harness.subscriptions.list()).toHaveLength(1);
});

test('the config a plugin makes a subscription with stays its own', async () => {
  const harness = await handmade();
  const config = Object.freeze({ act: 'answer' });
  const input = { name: 'test', service: 'test', events: ['x'], config };
  const made = await harness.subscriptions.create(input);
  expect(made.config).toEqual({ act: 'answer', color: 'blue' });
  const changed = await harness.subscriptions.update(made.uuid, made);
  expect(changed.config).toEqual(made.config);
  expect(changed.config).not.toBe(made.config);
});

test.each<[string, object]>([
  ['delivery', { delivery: null }],
  ['delivery.schedule', { delivery: { schedule: null } }],
  ['delivery.schedule', { delivery: { schedule: 'exponential' } }],
  ['delivery.max_attempts', { delivery: { maxAttempts: 0 } }],
  ['events', { events: 'call_created' }],
  ['events.0', { events: [5] }],
  ['filter', { filter: 'event.' }],
  ['events_user_uuid', { eventsUserUuid: 5 }],
  ['metadata', { metadata: null }],
])('a subscription with a mistake in %s is refused as the API does: %j', async (field, mistake) => {
  const { subscriptions } = await handmade();
  const fit = { name: 'mine', service: 'test', events: ['x'], config: { act: 'answer' } };
  const named = [expect.objectContaining({ field })];
  const refusal = { problems: expect.arrayContaining(named) as unknown };
  await expect(subscriptions.create({ ...fit, ...mistake })).rejects.toMatchObject(refusal);
  const { uuid } = await subscriptions.create({ ...fit, delivery: { maxAttempts: 3 } });
  await expect(subscriptions.update(uuid, { ...fit, ...mistake })).rejects.toMatchObject(refusal);
  expect(await subscriptions.get(uuid)).toMatchObject({ ...fit, delivery: { maxAttempts: 3 } });
});

test('what the daemon would refuse to load is refused', async () => {
  class Broken {
    load(): void {
      throw new Error('no licence');
    }
    callback(): void {
      throw new Error('not reached');
    }
  }
  class Mute {
    readonly isMute = true;
  }
  await expect(createHarness(Broken)).rejects.toThrow('no licence');
  await expect(createHarness(Mute as unknown as typeof Broken)).rejects.toThrow(
    'no method `callback`',
  );
  await expect(
    createHarness(HandmadeService, { config: { hook_max_attempts: 0 } }),
  ).rejects.toThrow('hook_max_attempts');
});

test('dispose reaches the service', async () => {
  const harness = await createHarness(HandmadeService);
  await harness.dispose();
  expect(harness.service.isDisposed).toBe(true);
});

/** Asks another system, and sends what it says on. */
class Asking extends Handler {
  static override readonly respondsTo = 'task_created';

  override accept(event: { data: unknown }) {
    return (event.data as { draft?: boolean }).draft !== true;
  }

  override async compute() {
    const base = this.secrets['BASE'] ?? '';
    const names = await batch(
      [1, 2, 3].map((n) => () => this.http(`${base}/names/${n}`).json<{ name: string }>()),
      { atOnce: 2 },
    );
    return [
      request.post(`${base}/told`, { json: { target: this.target, names } }),
      request.get(`${base}/ping`),
    ];
  }
}

test('a handler runs with secrets, answers to its requests, and what it returns is captured', async () => {
  const harness = await createHarness(Asking, {
    secrets: { BASE: 'https://example.com' },
    respond: ({ url }) => ({ body: { name: `name ${url.at(-1) ?? ''}` } }),
  });
  onTestFinished(() => harness.dispose());
  const { status, requests } = await harness.deliver({
    event: { name: 'task_created', data: { uuid: 't-1' } },
  });
  expect(status).toBe('success');
  expect(harness.calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET https://example.com/names/1',
    'GET https://example.com/names/2',
    'GET https://example.com/names/3',
  ]);
  expect(requests.map(({ method }) => method)).toEqual(['POST', 'GET']);
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    target: 't-1',
    names: [{ name: 'name 1' }, { name: 'name 2' }, { name: 'name 3' }],
  });
  const declined = await harness.deliver({
    event: { name: 'task_created', data: { draft: true } },
  });
  expect(declined).toMatchObject({ status: 'success', requests: [], detail: { accepted: false } });
});

test('the clock of a harness moves when it is told to', async () => {
  class Waiting {
    readonly ticks: number[] = [];

    load(): void {
      setInterval(() => this.ticks.push(Date.now()), 60_000);
    }

    callback(): undefined {
      return undefined;
    }
  }
  const now = Date.parse('2026-05-01T10:00:00Z');
  const harness = await createHarness(Waiting, { now });
  await harness.clock.advance(180_000);
  const { ticks } = harness.service;
  await harness.dispose();
  expect(ticks).toHaveLength(3);
  expect(ticks[0]).toBeGreaterThanOrEqual(now + 60_000);
  expect(Date.now()).not.toBe(now);
});

test('the clock goes on when the service could not be loaded, or not be disposed of', async () => {
  class Stubborn {
    constructor(private readonly cradle: PluginCradle) {}

    load(): void {
      if (this.cradle.secrets['LICENCE'] === undefined) throw new Error('no licence');
    }

    callback(): undefined {
      return undefined;
    }

    dispose(): void {
      throw new Error('not yet');
    }
  }
  await expect(createHarness(Stubborn, { now: 0 })).rejects.toThrow('no licence');
  expect(Date.now()).not.toBe(0);
  const harness = await createHarness(Stubborn, { now: 0, secrets: { LICENCE: 'x' } });
  await expect(harness.dispose()).rejects.toThrow('not yet');
  expect(Date.now()).not.toBe(0);
});

test.each([
  ['ftp://example.com', {}, /not an http or https URL/],
  ['https://example.com/a b', {}, /not an http or https URL/],
  ['https://example.com', { headers: { 'webhook-id': 'x' } }, /only the daemon sets/],
  ['https://example.com', { headers: { Host: 'x' } }, /only the daemon sets/],
  ['https://example.com', { headers: { 'x-a': 'b\r\nc: d' } }, /cannot be sent/],
  ['https://example.com', { json: 1, body: 'x' }, /either/],
])('a request that could not be sent is a mistake of the plugin: %s', (url, options, message) => {
  expect(() => request.post(url, options)).toThrow(message);
});
