/** Handlers, and requests that plugins return: deliveries like any other. */
import { describe, expect, test } from 'vitest';
import { installPlugin } from '../support/plugins.ts';
import { type LogPage, useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const code = `
import { Handler, request } from 'webhookd/plugin';
export class Tasks extends Handler {
  static respondsTo = ['task_*', 'order_created'];
  accept(event) { return event.data.wanted !== false; }
  targetOf(data) { return data.order ?? null; }
  compute(event, { attempt }) {
    const { url, fails = 0 } = event.data;
    if (attempt <= fails) throw new Error('a handler that fails');
    this.log.info('seen ' + this.target);
    const one = (n) => request.post(url + '/' + n, {
      json: { target: this.target, n, actor: this.event.actor.id, tenant: this.event.context.tenantUuid },
      headers: { authorization: 'Bearer ' + this.secrets.TOKEN },
    });
    return this.event.name === 'order_created' ? [one(1), one(2)] : one(1);
  }
}
export class Sends {
  callback({ config }, event) {
    return request.put(config.url, { body: 'plain', headers: { 'content-type': 'text/plain' } });
  }
}`;

const scene = useScene({ config: { hook_http_retry_countdown_factor: 1 } }, ({ directory }) => {
  installPlugin(`${directory}/plugins`, 'acting', {
    code,
    manifest: {
      services: { tasks: './index.js#Tasks', sends: './index.js#Sends' },
      variables: [{ name: 'TOKEN', secret: true, default: 'built-in-token' }],
    },
  });
});

/** The log of the handler's own deliveries. */
async function attemptLines(count: number) {
  return until('the attempts are logged', () => {
    const lines = scene().daemon.log.filter(
      ({ service, status }) => service === 'tasks' && status !== undefined,
    );
    return lines.length >= count && lines;
  });
}

test('a handler responds to names and patterns, with what it wants to know of the event', async () => {
  const { publisher } = scene();
  const inbox = await scene().inbox();
  const user = 'a1a1a1a1-0000-4000-8000-000000000001';
  await publisher.publish(
    {
      name: 'task_created',
      data: { uuid: 'task-1', url: inbox.url },
      headers: { tenant_uuid: 'some-tenant', ['user_uuid:' + user]: true },
    },
    { name: 'task_created', data: { wanted: false, url: inbox.url } },
    { name: 'other_created', data: { url: inbox.url } },
    { name: 'order_created', data: { order: 'o-7', url: inbox.url } },
  );
  await inbox.received(3);
  const sent = inbox.requests.map(({ path, body }) => [
    path.split('/').at(-1),
    JSON.parse(body) as unknown,
  ]);
  expect(sent).toContainEqual([
    '1',
    { target: 'task-1', n: 1, actor: user, tenant: 'some-tenant' },
  ]);
  expect(sent).toContainEqual(['1', { target: 'o-7', n: 1, actor: null, tenant: null }]);
  expect(sent).toContainEqual(['2', { target: 'o-7', n: 2, actor: null, tenant: null }]);
  expect(inbox.requests[0]?.headers.authorization).toBe('Bearer built-in-token');
  const lines = await attemptLines(6);
  expect(lines.map(({ msg }) => msg)).toContainEqual(
    expect.stringMatching(/^tasks handled task_created in \d+ ms$/),
  );
});

test('a request is retried by itself, with the same id, and its secrets are nowhere', async () => {
  const { publisher, daemon } = scene();
  const inbox = await scene().inbox();
  let calls = 0;
  inbox.answer = (_request, response) => {
    calls++;
    response.writeHead(calls < 3 ? 503 : 200).end();
  };
  await publisher.publish({ name: 'task_updated', data: { id: 5, url: inbox.url } });
  await inbox.received(3);
  const ids = new Set(inbox.requests.map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(1);
  const text = JSON.stringify(daemon.log);
  expect(text).toContain('tasks failed at task_updated with a request');
  expect(text).not.toContain('built-in-token');
});

test('what was returned is kept: it goes out after the daemon was killed', async () => {
  const { publisher, daemon } = scene();
  const inbox = await scene().inbox();
  inbox.answer = (_request, response) => void response.writeHead(503).end();
  await publisher.publish({ name: 'task_created', data: { id: 'kept', url: inbox.url } });
  await inbox.received(1);
  await daemon.kill();
  inbox.answer = (_request, response) => void response.writeHead(200).end();
  const before = inbox.requests.length;
  await daemon.start();
  await inbox.received(before + 1);
  expect(inbox.requests.at(-1)?.headers['webhook-id']).toBe(
    inbox.requests[0]?.headers['webhook-id'],
  );
});

test('a service may return requests too; the subscription’s log shows both', async () => {
  const { publisher, daemon } = scene();
  const inbox = await scene().inbox();
  const uuid = await daemon.subscribe(['sent'], '', {
    service: 'sends',
    config: { url: inbox.url },
  });
  await publisher.publish({ name: 'sent', data: {} });
  await inbox.received(1);
  expect(inbox.requests[0]).toMatchObject({ method: 'PUT', body: 'plain' });
  const items = await scene().attempts(uuid, 2);
  expect(items[0]?.detail).toMatchObject({ requests: [{ method: 'PUT', url: inbox.url }] });
  expect(items[1]?.detail).toMatchObject({ request_method: 'PUT', response_status_code: 200 });
  const { body } = await daemon.call<LogPage>('GET', `/subscriptions/${uuid}/logs`);
  expect(body.filtered).toBe(2);
});

test('a handler that throws ends its attempt with the error, and the stack of the plugin’s own frames', async () => {
  const { publisher, daemon } = scene();
  await publisher.publish({ name: 'task_deleted', data: { fails: 1 } });
  await daemon.logged('the service tasks threw');
  const line = daemon.log.find(({ msg }) => msg === 'the service tasks threw');
  // Whoever follows the log of the plugin alone sees it too.
  expect(line).toMatchObject({ plugin: 'acting', service: 'tasks', event: 'task_deleted' });
  const { stack } = line?.['err'] as { stack: string };
  expect(stack).toMatch(/acting\/index\.js:\d+/);
  expect(stack).not.toMatch(/dist\/plugins\/host/);
});

describe('a delivery that failed', () => {
  interface Item {
    id: string;
    status: string;
    is_request: boolean;
  }

  const failed = (name: string, isRequest: boolean) =>
    until('it has failed', async () => {
      const path = `/deliveries?event=${name}&status=failed`;
      const { body } = await scene().daemon.call<{ items: Item[] }>('GET', path);
      return body.items.find(({ is_request }) => is_request === isRequest);
    });

  test('of a handler is made again when it is retried', async () => {
    const { publisher, daemon } = scene();
    const inbox = await scene().inbox();
    await publisher.publish({ name: 'task_failed', data: { id: 'f', fails: 1, url: inbox.url } });
    const { id } = await failed('task_failed', false);
    const retried = await daemon.call('POST', `/deliveries/${id}/retry`);
    expect(retried).toMatchObject({ status: 200, body: { id } });
    await inbox.received(1);
  });

  test('is not retried when the subscription is gone, a request neither', async () => {
    const { publisher, daemon } = scene();
    const inbox = await scene().inbox((_request, response) => response.writeHead(410).end());
    const uuid = await daemon.subscribe(['ended'], '', {
      service: 'sends',
      config: { url: inbox.url },
    });
    await publisher.publish({ name: 'ended', data: {} });
    const { id } = await failed('ended', true);
    await daemon.call('DELETE', `/subscriptions/${uuid}`);
    expect(await daemon.call('POST', `/deliveries/${id}/retry`)).toMatchObject({
      status: 409,
      body: { error_id: 'conflict' },
    });
    expect(await failed('ended', true)).toMatchObject({ id });
  });
});
