import { RetryPolicies } from '../../dist/deliveries/retry-policy.js';
import { describe, expect, test } from 'vitest';
import { wholeDetail } from '../../dist/attempt-detail.js';
import { AttemptRunner, type RunnableService } from '../../dist/deliveries/runner.js';
import type { AttemptContext } from '../../dist/plugin-api/index.js';
import { HookExpectedError, HookRetry } from '../../dist/plugin-api/index.js';
import { readableLog, silentLog } from '../support/logs.ts';
import { sampleDelivery, sampleSubscription } from '../support/samples.ts';

const pluginLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const serviceThat = (act: (context: AttemptContext) => unknown): RunnableService => ({
  plugin: 'a-plugin',
  secrets: {},
  isFull: false,
  endpointOf: () => null,
  redact: (text) => text,
  log: pluginLog,
  call: (_subscription, _delivery, context) =>
    Promise.resolve().then(() => act(context)) as ReturnType<RunnableService['call']>,
});

const throwing = (error: unknown) =>
  serviceThat(() => {
    throw error;
  });

const retries = new RetryPolicies({ schedule: 'wazo', maxAttempts: 5, factor: 2 });

async function outcomeOf(
  service: RunnableService,
  { signal = new AbortController().signal, log = silentLog } = {},
) {
  const delivery = sampleDelivery({ id: 'the-id', attempts: 2 });
  const runner = new AttemptRunner({ retries, signal, signer: undefined, log });
  const result = await runner.run(service, sampleSubscription(), delivery);
  if (result === undefined) return undefined;
  const { detail, dataKey, ...rest } = result;
  return { ...rest, detail: wholeDetail({ detail, dataKey }, delivery.event.data) };
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

describe('an attempt', () => {
  test('that returns succeeds with what it returns as detail', async () => {
    expect(await outcomeOf(serviceThat(() => ({ sent: 1 })))).toEqual({
      status: 'success',
      detail: { sent: 1 },
      after: undefined,
      requests: [],
    });
  });

  test.each([undefined, null])('that returns %s succeeds with an empty detail', async (nothing) => {
    expect(await outcomeOf(serviceThat(() => nothing))).toMatchObject({
      status: 'success',
      detail: {},
    });
  });

  test('knows its delivery, its number and how many there may be', async () => {
    const contexts: AttemptContext[] = [];
    await outcomeOf(serviceThat((context) => void contexts.push(context)));
    expect(contexts).toMatchObject([
      { delivery: { id: 'the-id' }, attempt: 3, maxAttempts: 5, log: pluginLog },
    ]);
    expect(contexts[0]?.signal.aborted).toBe(false);
  });

  test('that throws HookRetry is to be made again', async () => {
    const { log, lines } = readableLog();
    expect(
      await outcomeOf(throwing(new HookRetry({ error: 'busy' }, { after: 30 })), { log }),
    ).toEqual({
      status: 'failure',
      detail: { error: 'busy' },
      after: 30,
      requests: [],
    });
    expect(lines).toEqual([]);
  });

  test.each<[unknown, number | undefined]>([
    ['120', 120],
    [120n, 120],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    [{}, undefined],
    [null, undefined],
    [Number.NaN, undefined],
  ])('that asks for a pause of %s gets one of %s', async (after, expected) => {
    const error = Object.assign(new HookRetry(), { after });
    expect(await outcomeOf(throwing(error))).toMatchObject({ status: 'failure', after: expected });
  });

  test('that throws HookExpectedError has failed for good, without a stack in the log', async () => {
    const { log, lines } = readableLog();
    expect(await outcomeOf(throwing(new HookExpectedError({ error: 'gone' })), { log })).toEqual({
      status: 'error',
      detail: { error: 'gone' },
      after: undefined,
      requests: [],
    });
    expect(lines).toEqual([]);
  });

  test('that throws anything else has failed for good, with a stack in the log', async () => {
    const { log, lines } = readableLog();
    expect(await outcomeOf(throwing(new TypeError('x is no function')), { log })).toMatchObject({
      status: 'error',
      detail: { error: 'x is no function' },
    });
    expect(lines).toMatchObject([
      {
        level: 50,
        delivery: 'the-id',
        event: 'call_created',
        err: { type: 'TypeError', stack: expect.stringContaining('runner.test') as string },
      },
    ]);
  });

  test.each([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
  ])('that throws %j has failed for good', async (thrown, error) => {
    expect(await outcomeOf(throwing(thrown))).toMatchObject({ status: 'error', detail: { error } });
  });

  test('understands the errors of another copy of the plugin API', async () => {
    const foreign = Object.assign(new Error('x'), {
      [Symbol.for('webhookd.error-kind')]: 'retry',
      detail: { from: 'a copy' },
    });
    expect(await outcomeOf(throwing(foreign))).toMatchObject({
      status: 'failure',
      detail: { from: 'a copy' },
    });
  });

  test('of a subscription without a schedule that can be followed has failed for good', async () => {
    const { log, lines } = readableLog();
    const { signal } = new AbortController();
    const runner = new AttemptRunner({ retries, signal, signer: undefined, log });
    const subscription = sampleSubscription({ delivery: null as never });
    const service = serviceThat(() => ({ sent: 1 }));
    expect(await runner.run(service, subscription, sampleDelivery())).toMatchObject({
      status: 'error',
    });
    expect(lines).toMatchObject([{ level: 50, subscription: subscription.uuid }]);
  });

  test('that the stop of the daemon cuts does not count', async () => {
    const cut = new AbortController();
    const service = serviceThat(() => {
      cut.abort();
      throw new Error('cut');
    });
    expect(await outcomeOf(service, { signal: cut.signal })).toBeUndefined();
  });

  test('that succeeds although the daemon cuts attempts does count', async () => {
    expect(
      await outcomeOf(
        serviceThat(() => ({ sent: 1 })),
        { signal: AbortSignal.abort() },
      ),
    ).toMatchObject({ status: 'success' });
  });
});

describe('a detail that cannot be kept', () => {
  test.each([
    ['text', 'text'],
    ['a list', [1]],
    ['a number', 5],
    ['a circle', circular],
    ['a big integer', { n: 1n }],
    ['too large', { text: 'x'.repeat(3_000_000) }],
  ])('%s, returned, is a mistake of the plugin', async (_what, detail) => {
    expect(await outcomeOf(serviceThat(() => detail))).toMatchObject({
      status: 'error',
      detail: { error: expect.any(String) as string },
    });
  });

  test.each([
    ['text', 'text'],
    ['a circle', circular],
    ['too large', { text: 'x'.repeat(3_000_000) }],
  ])(
    '%s, thrown with HookRetry, is replaced and the delivery is attempted again',
    async (_what, detail) => {
      expect(
        await outcomeOf(throwing(new HookRetry(detail as Record<string, never>))),
      ).toMatchObject({
        status: 'failure',
        detail: {
          error: expect.stringMatching(
            /^the service gave a detail that cannot be kept: /,
          ) as string,
        },
      });
    },
  );
});
