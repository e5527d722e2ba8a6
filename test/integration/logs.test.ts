import { beforeAll, describe, expect, test } from 'vitest';
import { type LogPage, useScene } from '../support/scene.ts';

const scene = useScene({ config: { hook_max_attempts: 2, hook_http_retry_countdown_factor: 1 } });

/** Of a subscription with five deliveries that succeeded, one after the other. */
let uuid = '';

beforeAll(async () => {
  const { publisher, daemon } = scene();
  const inbox = await scene().inbox((_request, response) =>
    response.writeHead(201, { 'x-mine': 'yes' }).end('thanks'),
  );
  uuid = await daemon.subscribe(['logged_event'], inbox.url);
  for (let id = 1; id <= 5; id++) {
    await publisher.publish({ name: 'logged_event', data: { id } });
    await scene().attempts(uuid, id);
  }
});

const page = async (query = '') =>
  (await scene().daemon.call<LogPage>('GET', `/subscriptions/${uuid}/logs${query}`)).body;
const idsOf = ({ items }: LogPage) => items.map(({ event }) => (event.data as { id: number }).id);

describe('the log of a subscription', () => {
  test('has every attempt with its event, its times, and request and response', async () => {
    const { items, total, filtered } = await page('?direction=asc&limit=1');
    expect({ total, filtered }).toEqual({ total: 1, filtered: 5 });
    const [item] = items;
    expect(item).toMatchObject({
      uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      status: 'success',
      attempts: 1,
      max_attempts: 2,
      event: { name: 'logged_event', data: { id: 1 } },
      detail: {
        request_method: 'POST',
        request_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) as string,
        request_body: { id: 1 },
        request_headers: { 'content-type': 'application/json; charset=utf-8' },
        response_status_code: 201,
        response_body: 'thanks',
        response_headers: { 'x-mine': 'yes' },
      },
    });
    expect(Date.parse(item?.started_at ?? '')).toBeLessThanOrEqual(
      Date.parse(item?.ended_at ?? ''),
    );
  });

  test('begins with the latest', async () => {
    expect(idsOf(await page())).toEqual([5, 4, 3, 2, 1]);
  });

  test.each([
    ['?direction=asc', [1, 2, 3, 4, 5]],
    ['?limit=2', [5, 4]],
    ['?limit=2&offset=1', [4, 3]],
    ['?limit=0', []],
    ['?offset=9', []],
    ['?order=started_at&direction=asc&offset=3', [4, 5]],
    ['?order=ended_at&direction=desc&limit=1', [5]],
    ['?order=started_at&unknown=1', [5, 4, 3, 2, 1]],
  ])('is paged and sorted: %s', async (query, expected) => {
    const found = await page(query);
    expect(idsOf(found)).toEqual(expected);
    expect({ total: found.total, filtered: found.filtered }).toEqual({
      total: expected.length,
      filtered: 5,
    });
  });

  test('begins at a date, which is UTC unless it says otherwise', async () => {
    const third = (await page('?direction=asc')).items[2]?.started_at ?? '';
    for (const date of [
      third,
      third.replace('Z', ''),
      third.replace('T', ' ').replace('Z', ''),
      encodeURIComponent(third.replace('Z', '+00:00')),
    ]) {
      const found = await page(`?from_date=${date}`);
      expect(idsOf(found)).toEqual([5, 4, 3]);
      expect(found.filtered).toBe(3);
    }
    expect(idsOf(await page('?from_date=2100-01-01'))).toEqual([]);
  });

  test.each([
    '?limit=-1',
    '?limit=x',
    '?limit=10001',
    '?offset=-1',
    '?offset=1.5',
    '?order=name',
    '?direction=up',
    '?from_date=yesterday',
    '?from_date=',
  ])('refuses %s', async (query) => {
    const field = query.slice(1, query.indexOf('='));
    const { status, body } = await scene().daemon.call(
      'GET',
      `/subscriptions/${uuid}/logs${query}`,
    );
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { error_id: 'invalid-data', details: { [field]: {} } },
    });
  });

  test('of one nothing was delivered for is empty', async () => {
    const { daemon } = scene();
    const silent = await daemon.subscribe(['never_published'], 'http://127.0.0.1:9/');
    expect((await daemon.call('GET', `/subscriptions/${silent}/logs`)).body).toEqual({
      items: [],
      total: 0,
      filtered: 0,
    });
  });
});

describe('a delivery that fails', () => {
  test('and then succeeds has both attempts under one uuid, which the webhook carries', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox((_request, response) =>
      response.writeHead(inbox.requests.length === 1 ? 503 : 200).end(),
    );
    const own = await daemon.subscribe(['fails_once'], inbox.url);
    await publisher.publish({ name: 'fails_once', data: {} });
    const [first, second] = await scene().attempts(own, 2);
    expect(first).toMatchObject({
      status: 'failure',
      attempts: 1,
      detail: {
        response_status_code: 503,
        error: expect.stringMatching(/^503 Server Error: /) as string,
      },
    });
    expect(second).toMatchObject({ status: 'success', attempts: 2, uuid: first?.uuid });
  });

  test('as often as it may ends there', async () => {
    const { daemon, publisher } = scene();
    const inbox = await scene().inbox((_request, response) => response.writeHead(500).end());
    const own = await daemon.subscribe(['fails_always'], inbox.url);
    await publisher.publish({ name: 'fails_always', data: {} });
    const attempts = await scene().attempts(own, 2);
    expect(
      attempts.map(({ status, attempts: number, max_attempts: most }) => [status, number, most]),
    ).toEqual([
      ['failure', 1, 2],
      ['failure', 2, 2],
    ]);
  });
});
