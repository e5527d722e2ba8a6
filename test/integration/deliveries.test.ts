/** Deliveries as things: looked at, made again, cancelled, replayed; and messages that could not be taken. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import type { Answer } from '../support/inbox.ts';
import { giveUpKey } from '../support/key.ts';
import { useScene } from '../support/scene.ts';
import { until } from '../support/wait.ts';

const scene = useScene({
  config: { delivery: { replay_rate: 20, breaker_failures: 1000 }, hook_max_attempts: 1 },
});

interface Item {
  id: string;
  status: string;
  attempts: number;
  event: { name: string; data: { id: number } };
  next_attempt_at: string | null;
}

interface Page {
  items: Item[];
  total: number;
  next: string | null;
}

const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  scene().daemon.call<T>(method, path, body);

const list = async (query: string) => (await call<Page>('GET', `/deliveries?${query}`)).body;

const cli = (...args: string[]) => runCli([...args, '--config', scene().daemon.configFile]);

const refusing: Answer = (_request, response) => response.writeHead(500).end();

/** A subscription with so many deliveries that have ended. */
async function withDeliveries(name: string, count: number, answer?: Answer) {
  const inbox = await scene().inbox(answer);
  const uuid = await scene().daemon.subscribe([name], inbox.url);
  await scene().publisher.publish(
    ...Array.from({ length: count }, (_, id) => ({ name, data: { id } })),
  );
  if (count > 0) await scene().attempts(uuid, count);
  return { inbox, uuid };
}

describe('deliveries', () => {
  test('are listed in pages, the newest first, by subscription, event, status and time', async () => {
    const { uuid } = await withDeliveries('listed', 5);
    const first = await list(`subscription=${uuid}&limit=2`);
    expect(first.items.map(({ event }) => event.data.id)).toEqual([4, 3]);
    const second = await list(`subscription=${uuid}&limit=2&before=${String(first.next)}`);
    expect(second.items.map(({ event }) => event.data.id)).toEqual([2, 1]);
    const third = await list(`subscription=${uuid}&limit=2&before=${String(second.next)}`);
    expect(third).toMatchObject({ total: 1, next: null });
    expect((await list(`subscription=${uuid}&status=succeeded`)).total).toBe(5);
    expect((await list(`subscription=${uuid}&status=failed`)).total).toBe(0);
    expect((await list('event=list*')).total).toBe(5);
    expect((await list('event=list%5B')).total).toBe(0);
    const later = new Date(Date.now() + 60_000).toISOString();
    expect((await list(`subscription=${uuid}&since=${later}`)).total).toBe(0);
    expect((await list(`subscription=${uuid}&until=${later}`)).total).toBe(5);
    const [item] = first.items;
    const { body } = await call<Item & { log: object[] }>('GET', `/deliveries/${item?.id ?? ''}`);
    expect(body).toMatchObject({ status: 'succeeded', attempts: 1, next_attempt_at: null });
    expect(body.log).toMatchObject([{ number: 1, status: 'success' }]);
  });

  test('that are not there, or make no sense, are refused', async () => {
    expect(await call('GET', '/deliveries/nothing')).toMatchObject({
      status: 404,
      body: { error_id: 'no-such-delivery' },
    });
    for (const query of ['status=lost', 'limit=0', 'since=yesterday'])
      expect((await call('GET', `/deliveries?${query}`)).status).toBe(400);
  });

  test('of other tenants are not there', async () => {
    const { uuid } = await withDeliveries('others', 1);
    const [item] = (await list(`subscription=${uuid}`)).items;
    const { daemon } = scene();
    const headers = {
      'x-auth-token': daemon.token,
      'wazo-tenant': '11111111-1111-4111-8111-111111111111',
    };
    const asOther = (path: string) => daemon.call('GET', path, undefined, headers);
    expect((await asOther(`/deliveries/${item?.id ?? ''}`)).status).toBe(404);
    expect((await asOther(`/deliveries?subscription=${uuid}`)).status).toBe(404);
    expect((await asOther('/deliveries')).body).toMatchObject({ items: [] });
  });

  test('that failed are made again under the same id, with all of their schedule', async () => {
    const { inbox, uuid } = await withDeliveries('retried', 1, refusing);
    const [failed] = (await list(`subscription=${uuid}`)).items;
    expect(failed).toMatchObject({ status: 'failed', attempts: 1 });
    inbox.answer = (_request, response) => response.writeHead(200).end();
    expect((await call('POST', `/deliveries/${failed?.id ?? ''}/retry`)).status).toBe(200);
    const requests = await inbox.received(2);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(
      new Set([failed?.id]),
    );
    await until('it succeeded', async () => {
      const [item] = (await list(`subscription=${uuid}`)).items;
      return item?.status === 'succeeded' && item.attempts === 2;
    });
  });

  test('that are parked or pending are cancelled, others are not', async () => {
    const { uuid, inbox } = await withDeliveries('cancelled', 0);
    const { body } = await call('GET', `/subscriptions/${uuid}`);
    await call('PUT', `/subscriptions/${uuid}`, { ...body, enabled: false });
    await scene().publisher.publish({ name: 'cancelled', data: { id: 1 } });
    const item = await until('it is parked', async () => {
      const [found] = (await list(`subscription=${uuid}&status=parked`)).items;
      return found;
    });
    expect((await list(`subscription=${uuid}&status=pending`)).total).toBe(0);
    const cancelled = await call('POST', `/deliveries/${item.id}/cancel`);
    expect(cancelled.body).toMatchObject({ status: 'cancelled', next_attempt_at: null });
    expect((await call('POST', `/deliveries/${item.id}/cancel`)).status).toBe(409);
    await call('PUT', `/subscriptions/${uuid}`, { ...body, enabled: true });
    await scene().publisher.publish({ name: 'cancelled', data: { id: 2 } });
    await inbox.received(1);
    expect(inbox.bodies).toEqual([{ id: 2 }]);
  });
});

describe('a replay', () => {
  const ended = (id: string) =>
    until('the replay ended', async () => {
      const { body } = await call<{ status: string; done: number }>('GET', `/replays/${id}`);
      return body.status !== 'running' && body;
    });

  test('counts first, then delivers under the same ids, no faster than allowed', async () => {
    const { inbox, uuid } = await withDeliveries('replayed', 25, refusing);
    const counted = await call('POST', `/subscriptions/${uuid}/replay`, { dry_run: true });
    expect(counted).toMatchObject({ status: 200, body: { total: 25 } });
    inbox.answer = (_request, response) => response.writeHead(200).end();
    const ids = new Set(inbox.requests.splice(0).map(({ headers }) => headers['webhook-id']));
    const { status, body } = await call<{ id: string }>(
      'POST',
      `/subscriptions/${uuid}/replay`,
      {},
    );
    expect({ status, body }).toMatchObject({ status: 202, body: { status: 'running', total: 25 } });
    expect(await ended(body.id)).toMatchObject({ status: 'done', done: 25 });
    const requests = await inbox.received(25);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(ids);
    expect((requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0)).toBeGreaterThanOrEqual(900);
    const again = await call('POST', `/subscriptions/${uuid}/replay`, { dry_run: true });
    expect(again.body).toMatchObject({ total: 0 });
  });

  test('goes on after a restart, and takes up nothing more when it is cancelled', async () => {
    const { inbox, uuid } = await withDeliveries('resumed', 40);
    inbox.requests.length = 0;
    const input = { status: ['succeeded'], events: ['resum*'] };
    const { body } = await call<{ id: string }>('POST', `/subscriptions/${uuid}/replay`, input);
    await inbox.received(3);
    await scene().daemon.stop();
    await scene().daemon.start();
    expect(await ended(body.id)).toMatchObject({ status: 'done', done: 40 });
    await until('all have arrived', () => inbox.countsById().size === 40);

    const second = await call<{ id: string }>('POST', `/subscriptions/${uuid}/replay`, input);
    const cancelled = await call('POST', `/replays/${second.body.id}/cancel`);
    expect(cancelled.body).toMatchObject({ status: 'cancelled' });
    const { done } = cancelled.body as { done: number };
    expect(done).toBeLessThan(40);
    await until('what was taken up has been made again', async () => {
      return (await list(`subscription=${uuid}&status=succeeded`)).total === 40;
    });
    const third = await call<{ id: string }>('POST', `/subscriptions/${uuid}/replay`, input);
    const { status, stdout } = await cli('delivery', 'cancel-replay', third.body.id);
    expect(status).toBe(0);
    // On a busy machine it may be over before the command has begun.
    expect(stdout).toMatch(/^(cancelled|done): \d+ of 40 deliveries taken up\n$/);
  });

  test('from the command line says what it did', async () => {
    const { uuid } = await withDeliveries('by_cli', 3);
    expect((await cli('delivery', 'replay', uuid, '--dry-run')).stdout).toBe(
      '0 deliveries would be taken up again\n',
    );
    const { status, stdout } = await cli('delivery', 'replay', uuid, '--status', 'succeeded');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^3 deliveries taken up again \(replay .*: done\)\n$/);
    expect((await cli('delivery', 'list', '--subscription', uuid)).stdout).toMatch(/by_cli/);
    const [item] = (await list(`subscription=${uuid}&limit=1`)).items;
    expect((await cli('delivery', 'show', item?.id ?? '')).stdout).toContain(item?.id);
  });
});

describe('a sample', () => {
  test('is delivered at once, and what the endpoint says is returned', async () => {
    const { inbox, uuid } = await withDeliveries('call_created', 0);
    const ok = await call('POST', `/subscriptions/${uuid}/test`, {});
    expect(ok.body).toMatchObject({
      status: 'success',
      event: 'call_created',
      detail: { response_status_code: 200 },
    });
    expect(inbox.requests[0]?.headers['webhook-signature']).toMatch(/^v1,/);
    inbox.answer = (_request, response) => response.writeHead(418).end('short and stout');
    const bad = await call('POST', `/subscriptions/${uuid}/test`, { event: 'x', data: { a: 1 } });
    expect(bad.body).toMatchObject({
      status: 'failure',
      event: 'x',
      detail: { response_status_code: 418, response_body: 'short and stout' },
    });
    expect(inbox.bodies[1]).toEqual({ a: 1 });
    expect((await list(`subscription=${uuid}`)).total).toBe(0);
    expect(await cli('subscription', 'test', uuid)).toMatchObject({ status: 1 });
  });

  test('of a service that nobody provides is a conflict', async () => {
    const uuid = await scene().daemon.subscribe(['x'], '', { service: 'nobody', config: {} });
    expect((await call('POST', `/subscriptions/${uuid}/test`, {})).status).toBe(409);
  });
});

describe('dead letters', () => {
  interface Letter {
    id: string;
    reason: string | null;
    event: string | null;
  }
  const letters = async () => (await call<{ items: Letter[] }>('GET', '/deadletter')).body.items;

  test('are listed with the reason, shown, put back and dropped', async () => {
    const { publisher } = scene();
    const inbox = await scene().inbox();
    await scene().daemon.subscribe(['lettered'], inbox.url);
    for (const text of ['not JSON', '[1]'])
      publisher.raw(Buffer.from(text), { headers: { name: 'lettered' } });
    await publisher.channel.waitForConfirms();
    const found = await until('both are there', async () => {
      const all = await letters();
      return all.length === 2 && all;
    });
    expect(found.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('not JSON') as string,
      'its body is not a JSON object',
    ]);
    expect((await letters()).map(({ id }) => id)).toEqual(found.map(({ id }) => id));
    const [first, second] = found;
    const { body } = await call('GET', `/deadletter/${first?.id ?? ''}`);
    expect(body).toMatchObject({ content: 'not JSON', headers: { name: 'lettered' } });
    expect((await cli('deadletter', 'list')).stdout).toContain(second?.id);
    expect((await call('POST', '/deadletter/drop', {})).status).toBe(400);
    expect((await cli('deadletter', 'drop', first?.id ?? '')).stdout).toBe('1 message dropped\n');
    expect(await letters()).toMatchObject([{ id: second?.id }]);
    expect((await call('POST', '/deadletter/redrive', { all: true })).body).toEqual({
      messages: 1,
    });
    // It is as bad as before, and comes back.
    await until('it is back', async () => (await letters()).length === 1);
    expect((await call('GET', '/deadletter/none')).status).toBe(404);
    await call('POST', '/deadletter/drop', { all: true });
    expect(await letters()).toEqual([]);
  });

  test('are for the master tenant', async () => {
    const { daemon } = scene();
    const headers = {
      'x-auth-token': daemon.token,
      'wazo-tenant': '11111111-1111-4111-8111-111111111111',
    };
    expect((await daemon.call('GET', '/deadletter', undefined, headers)).status).toBe(401);
  });
});

describe('a POST with an Idempotency-Key', () => {
  const input = { name: 'once', service: 'http', events: ['once'], config: { url: 'http://a/' } };
  const post = (key: string, body: unknown, path = '/subscriptions') => {
    const { daemon } = scene();
    const headers = { 'x-auth-token': daemon.token, 'idempotency-key': key };
    return daemon.call<{ uuid: string; error_id?: string }>('POST', path, body, headers);
  };

  test('is done once, however often it is sent, and over a restart', async () => {
    const first = await post('key-1', input);
    expect(first.status).toBe(201);
    expect(await post('key-1', input)).toEqual(first);
    await scene().daemon.stop();
    await scene().daemon.start();
    expect(await post('key-1', input)).toEqual(first);
    const other = await post('key-2', input);
    expect(other.status).toBe(201);
    expect(other.body.uuid).not.toBe(first.body.uuid);
  });

  test('is not mistaken for another one, or for one to another address', async () => {
    await post('key-3', input);
    expect(await post('key-3', { ...input, name: 'other' })).toMatchObject({
      status: 409,
      body: { error_id: 'conflict' },
    });
    expect((await post('key-3', { ...input, config: 5 })).status).toBe(400);
    expect((await post('key-3', { days: 30 }, '/purge')).status).toBe(200);
  });

  test('that is sent twice at the same time is done once', async () => {
    const answers = await Promise.all([post('key-4', input), post('key-4', input)]);
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.uuid);
    expect(new Set(made).size).toBe(1);
    const { body } = await call<{ items: { name: string; uuid: string }[] }>(
      'GET',
      '/subscriptions',
    );
    expect(body.items.filter(({ uuid }) => made.includes(uuid))).toHaveLength(1);
  });

  test('whose client breaks off is done once as well, and is answered when it is sent again', async () => {
    const { daemon } = scene();
    const answers: (() => void)[] = [];
    const inbox = await scene().inbox(
      (_request, response) => void answers.push(() => response.writeHead(200).end()),
    );
    const uuid = await daemon.subscribe(['tried'], inbox.url);
    const ask = (signal: AbortSignal | null = null) =>
      fetch(`${daemon.url}/1.0/subscriptions/${uuid}/test`, {
        method: 'POST',
        headers: {
          'x-auth-token': daemon.token,
          'content-type': 'application/json',
          'idempotency-key': 'key-5',
        },
        body: '{}',
        signal,
      });
    const client = new AbortController();
    const first = ask(client.signal).catch(() => 'broken off');
    await inbox.received(1);
    client.abort();
    expect(await first).toBe('broken off');
    expect((await ask()).status).toBe(409);
    answers[0]?.();
    const repeated = await until('it is answered', async () => {
      const answer = await ask();
      return answer.status !== 409 && answer;
    });
    expect(repeated.status).toBe(200);
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');
    expect(inbox.requests).toHaveLength(1);
  });

  test('is done anew when the key is lost that its answer was sealed with', async () => {
    const { daemon } = scene();
    const first = await post('key-6', input);
    expect(await post('key-6', input)).toEqual(first);
    await daemon.stop();
    rmSync(join(daemon.directory, 'secret.key'));
    giveUpKey(daemon.databaseFile);
    await daemon.start();
    const second = await post('key-6', input);
    expect(second.status).toBe(201);
    expect(second.body.uuid).not.toBe(first.body.uuid);
    expect(await post('key-6', input)).toEqual(second);
  });
});
