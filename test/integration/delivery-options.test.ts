/** What a subscription may say of its deliveries, and what answers of endpoints do. */
import { describe, expect, test } from 'vitest';
import type { Answer } from '../support/inbox.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({
  config: { http: { follow_redirects: true }, delivery: { replay_rate: 20 } },
});

interface Shown {
  uuid: string;
  enabled: boolean;
  disabled_reason: string | null;
  disabled_at: string | null;
}

const show = async (uuid: string) =>
  (await scene().daemon.call<Shown>('GET', `/subscriptions/${uuid}`)).body;

async function endpoint(
  name: string,
  options: { answer?: Answer; config?: object; [field: string]: unknown } = {},
) {
  const { answer, config, ...fields } = options;
  const inbox = await scene().inbox(answer);
  const uuid = await scene().daemon.subscribe([name], inbox.url, {
    config: { url: inbox.url, ...config },
    ...fields,
  });
  const publish = (...ids: number[]) =>
    scene().publisher.publish(...ids.map((id) => ({ name, data: { id } })));
  return { inbox, uuid, publish };
}

const refused = async (fields: Record<string, unknown>) => {
  const { status, body } = await scene().daemon.call('POST', '/subscriptions', {
    name: 'x',
    service: 'http',
    events: ['x'],
    config: { url: 'http://a.example/' },
    ...fields,
  });
  return { status, details: (body as { details?: object }).details };
};

describe('what a subscription says of its deliveries is checked', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['an unknown option', { delivery: { speed: 5 } }, 'delivery.speed'],
    ['an unknown schedule', { delivery: { schedule: 'fast' } }, 'delivery.schedule'],
    ['an empty schedule', { delivery: { schedule: [] } }, 'delivery.schedule'],
    ['no attempts', { delivery: { max_attempts: 0 } }, 'delivery.max_attempts'],
    ['more than a minute', { delivery: { timeout: 61 } }, 'delivery.timeout'],
    ['no rate', { delivery: { rate_limit: 0 } }, 'delivery.rate_limit'],
    ['a filter that is no expression', { filter: 'event.id ==' }, 'filter'],
    ['a filter of several expressions', { filter: '1 }}{{ 2' }, 'filter'],
    ['a filter with an unknown test', { filter: 'event is nonsense' }, 'filter'],
    [
      'a reserved header',
      { config: { url: 'http://a/', headers: { 'Webhook-Id': 'x' } } },
      'config.headers',
    ],
    [
      'a header with a wrong name',
      { config: { url: 'http://a/', headers: { 'a b': 'x' } } },
      'config.headers',
    ],
    [
      'a header whose template is wrong',
      { config: { url: 'http://a/', headers: { a: '{{' } } },
      'config.headers.a',
    ],
    [
      'basic without a password',
      { config: { url: 'http://a/', auth: { type: 'basic', username: 'x' } } },
      'config.auth.password',
    ],
    [
      'a bearer with a line end',
      { config: { url: 'http://a/', auth: { type: 'bearer', token: 'a\nb' } } },
      'config.auth.token',
    ],
    [
      'a certificate without a key',
      { config: { url: 'http://a/', client_certificate: '/a' } },
      'config',
    ],
  ])('%s: 400 with the field', async (_what, fields, field) => {
    const { status, details } = await refused(fields);
    expect(status).toBe(400);
    expect(Object.keys(details ?? {})).toContainEqual(expect.stringContaining(field));
  });
});

describe('a request', () => {
  test('has the headers of the subscription, with what the event says', async () => {
    const { inbox, publish } = await endpoint('with_headers', {
      config: { headers: { 'X-Event': '{{ event_name }} {{ event.id }}', 'x-plain': 'p' } },
    });
    await publish(7);
    const [request] = await inbox.received(1);
    expect(request?.headers).toMatchObject({ 'x-event': 'with_headers 7', 'x-plain': 'p' });
  });

  test('cannot be given another header, line or user by an event', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox();
    for (const [name, config] of Object.entries({
      into_header: { url: inbox.url, headers: { a: '{{ event.x }}' } },
      into_user: { url: `http://{{ event.x }}:${inbox.port}/` },
      into_line: { url: `${inbox.url}{{ event.x }}` },
    })) {
      const uuid = await daemon.subscribe([name], '', { config });
      const x = name === 'into_user' ? 'a@127.0.0.1' : 'a\r\nx-evil: 1';
      await publisher.publish({ name, data: { x } });
      const [attempt] = await scene().attempts(uuid, 1);
      expect(attempt).toMatchObject({ status: 'error' });
    }
    expect(inbox.requests).toEqual([]);
  });

  test.each([
    [{ type: 'basic', username: 'me', password: 'pass:word' }, 'Basic bWU6cGFzczp3b3Jk'],
    [{ type: 'bearer', token: 'the-token' }, 'Bearer the-token'],
  ])('is authorised as %j, which the log does not show', async (auth, expected) => {
    const name = `authorised_${auth.type}`;
    const { inbox, uuid, publish } = await endpoint(name, { config: { auth } });
    await publish(1);
    const [request] = await inbox.received(1);
    expect(request?.headers.authorization).toBe(expected);
    const [attempt] = await scene().attempts(uuid, 1);
    expect(attempt?.detail['request_headers']).toMatchObject({ authorization: '********' });
    expect(scene().daemon.output).not.toContain(expected);
  });

  test('may have the whole envelope', async () => {
    const { inbox, publish } = await endpoint('enveloped', { config: { payload: 'envelope' } });
    await publish(3);
    const [request] = await inbox.received(1);
    const { timestamp, ...rest } = JSON.parse(request?.body ?? '') as Record<string, unknown>;
    expect(rest).toEqual({ type: 'enveloped', data: { id: 3 } });
    expect(Math.abs(Date.parse(String(timestamp)) - Date.now())).toBeLessThan(60_000);
    expect(request?.headers['content-type']).toBe('application/json; charset=utf-8');
  });
});

describe('a filter', () => {
  test('lets through events for which it is true, and no others', async () => {
    const { inbox, publish } = await endpoint('filtered', {
      filter: "event.id > 2 and headers.tenant_uuid is not defined and event_name == 'filtered'",
    });
    await publish(1, 2, 3, 4);
    await inbox.received(2);
    await publish(9);
    await inbox.received(3);
    expect([...inbox.countsById().keys()]).toEqual([3, 4, 9]);
  });

  test('that cannot judge an event does not let it through, and the log says so', async () => {
    const { inbox, publish, uuid } = await endpoint('unjudged', { filter: 'event.a.b.c == 1' });
    await publish(1);
    const line = await scene().daemon.logged('filter cannot judge');
    expect(line).toMatchObject({ subscription: uuid, event: 'unjudged' });
    expect(inbox.requests).toEqual([]);
  });

  test('with a pattern of names gets what fits both', async () => {
    const inbox = await scene().inbox();
    await scene().daemon.subscribe(['glob_*'], inbox.url, { filter: 'event.id == 1' });
    await scene().publisher.publish(
      { name: 'glob_a', data: { id: 1 } },
      { name: 'glob_b', data: { id: 2 } },
      { name: 'other', data: { id: 1 } },
      { name: 'glob_c', data: { id: 1 } },
    );
    await inbox.received(2);
    expect(inbox.requests).toHaveLength(2);
  });
});

describe('an answer', () => {
  test('of 410 disables the subscription; what comes then is parked, and goes out when it is enabled', async () => {
    const { inbox, uuid, publish } = await endpoint('gone', {
      answer: (_request, response) => response.writeHead(410).end(),
    });
    await publish(1);
    const shown = await until('it is disabled', async () => {
      const found = await show(uuid);
      return !found.enabled && found;
    });
    expect(shown.disabled_reason).toBe('gone');
    expect(Math.abs(Date.parse(shown.disabled_at ?? '') - Date.now())).toBeLessThan(60_000);
    await publish(2, 3);
    await scene().daemon.stop();
    await scene().daemon.start();
    expect(await show(uuid)).toMatchObject({ enabled: false, disabled_reason: 'gone' });
    inbox.answer = (_request, response) => response.writeHead(200).end();
    expect(inbox.requests).toHaveLength(1);
    const { body } = await scene().daemon.call('GET', `/subscriptions/${uuid}`);
    await scene().daemon.call('PUT', `/subscriptions/${uuid}`, { ...body, enabled: true });
    await inbox.received(3);
    expect([...inbox.countsById().keys()]).toEqual([1, 2, 3]);
    expect(await show(uuid)).toMatchObject({ enabled: true, disabled_at: null });
  });

  test('of 429 with Retry-After is waited for', async () => {
    const { inbox, publish } = await endpoint('later', {
      delivery: { schedule: [0.1] },
      answer: (_request, response) =>
        response.writeHead(inbox.requests.length === 1 ? 429 : 200, { 'retry-after': '2' }).end(),
    });
    await publish(1);
    const [first, second] = await inbox.received(2);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_950);
  });

  test('that redirects is followed, five times at most', async () => {
    const { inbox, uuid, publish } = await endpoint('redirected', {
      delivery: { schedule: [60] },
      config: { url: 'http://127.0.0.1:1/', method: 'put' },
    });
    const { body } = await scene().daemon.call('GET', `/subscriptions/${uuid}`);
    await scene().daemon.call('PUT', `/subscriptions/${uuid}`, {
      ...body,
      config: { url: `${inbox.url}4`, method: 'put' },
    });
    inbox.answer = ({ path }, response) => {
      const left = Number(path.slice(1));
      if (left === 0) response.writeHead(200).end();
      else response.writeHead(307, { location: `/${left - 1}` }).end();
    };
    await publish(1);
    const requests = await inbox.received(5);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      [4, 3, 2, 1, 0].map((left) => `PUT /${left}`),
    );
    expect(new Set(requests.map(({ body: text }) => text))).toEqual(new Set(['{"id":1}']));
    const [attempt] = await scene().attempts(uuid, 1);
    expect(attempt?.status).toBe('success');
    inbox.answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
    await publish(2);
    const [, second] = await scene().attempts(uuid, 2);
    expect(second).toMatchObject({
      status: 'failure',
      detail: { error: expect.stringContaining('more than 5 redirects') as string },
    });
    expect(inbox.requests.slice(6).every(({ method }) => method === 'GET')).toBe(true);
  });

  test('is not even asked for when a user’s subscription names this machine', async () => {
    const { uuid, publish, inbox } = await endpoint('guarded', {
      owner_user_uuid: '7f523550-03cf-4dac-a858-cb8afdb34775',
    });
    await publish(1);
    const [attempt] = await scene().attempts(uuid, 1);
    expect(attempt).toMatchObject({ status: 'error', detail: { reason: 'egress-denied' } });
    expect(inbox.requests).toEqual([]);
  });

  test('that takes longer than the subscription allows is a failure', async () => {
    const { uuid, publish } = await endpoint('slow', {
      delivery: { timeout: 0.3, schedule: [60] },
      answer: () => undefined,
    });
    await publish(1);
    const [attempt] = await scene().attempts(uuid, 1);
    expect(attempt).toMatchObject({
      status: 'failure',
      detail: { error: expect.stringContaining('within 0.3 s') as string },
    });
  });
});

test('an ordered subscription gets events in their order although one fails, and others go on', async () => {
  let failures = 0;
  const { inbox, publish } = await endpoint('in_order', {
    delivery: { ordered: true, schedule: [0.3, 0.3, 0.3] },
    answer: ({ body }, response) => {
      const fails = body.includes(':3}') && failures++ < 2;
      response.writeHead(fails ? 500 : 200).end();
    },
  });
  await publish(1, 2, 3, 4, 5, 6);
  await inbox.received(8);
  expect(inbox.bodies.map(({ id }) => id)).toEqual([1, 2, 3, 3, 3, 4, 5, 6]);
});

test('a rate limit is kept', async () => {
  const { inbox, publish } = await endpoint('paced', { delivery: { rate_limit: 10 } });
  await publish(...Array.from({ length: 21 }, (_, id) => id));
  const requests = await inbox.received(21);
  const took = (requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0);
  expect(took).toBeGreaterThanOrEqual(1_900);
});

test('the bus is not told the secrets of a subscription', async () => {
  const { daemon } = scene();
  const heard = await scene().inbox();
  await daemon.subscribe(['webhookd_subscription_created'], heard.url);
  const uuid = await daemon.subscribe(['x'], '', {
    config: { url: heard.url, auth: { type: 'basic', username: 'me', password: 'hunter2' } },
  });
  const created = await until('it is told', () =>
    heard.bodies.find((body) => body['uuid'] === uuid),
  );
  expect(created['config']).toMatchObject({
    url: heard.url,
    auth: { type: 'basic', username: 'me', password: '********' },
  });
  const { body } = await daemon.call('GET', `/subscriptions/${uuid}`);
  expect(body).toMatchObject({ config: { auth: { password: 'hunter2' } } });
});

test('a subscription is disabled and enabled by hand, and the bus is told', async () => {
  const { daemon, publisher } = scene();
  const heard = await scene().inbox();
  for (const word of ['disabled', 'enabled'])
    await daemon.subscribe([`webhookd_subscription_${word}`], heard.url);
  const { inbox, uuid, publish } = await endpoint('by_hand');
  const { body } = await daemon.call('GET', `/subscriptions/${uuid}`);
  const put = (enabled?: boolean) =>
    daemon.call('PUT', `/subscriptions/${uuid}`, { ...body, enabled });
  expect((await put(false)).body).toMatchObject({ enabled: false, disabled_reason: 'manual' });
  await publish(1);
  // A client that knows nothing of it changes nothing about it.
  expect((await put(undefined)).body).toMatchObject({ enabled: false });
  await heard.received(1);
  expect((await put(true)).body).toMatchObject({ enabled: true, disabled_reason: null });
  await inbox.received(1);
  await heard.received(2);
  expect(heard.bodies).toMatchObject([
    { uuid, enabled: false, disabled_reason: 'manual' },
    { uuid, enabled: true },
  ]);
  await publisher.publish({ name: 'by_hand', data: { id: 2 } });
  await inbox.received(2);
});
