import { expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { type LogPage, useScene } from '../support/scene.ts';

const scene = useScene();

const cli = (...args: string[]) => runCli([...args, '--config', scene().daemon.configFile]);

test('webhookd purge removes old deliveries with their log, and keeps the others', async () => {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox();
  const uuid = await daemon.subscribe(['purged'], inbox.url);
  await publisher.publish({ name: 'purged', data: { id: 1 } });
  await scene().attempts(uuid, 1);
  const count = async () =>
    (await daemon.call<LogPage>('GET', `/subscriptions/${uuid}/logs`)).body.filtered;

  expect(await cli('purge', '--days', '1')).toMatchObject({
    status: 0,
    stdout: 'removed 0 deliveries with 0 attempts, and 0 events\n',
  });
  expect(await count()).toBe(1);
  expect(await cli('purge', '--days', '0')).toMatchObject({
    status: 0,
    stdout: 'removed 1 deliveries with 1 attempts, and 1 events\n',
  });
  expect(await count()).toBe(0);
});

test('webhookd subscription logs --search shows what has the words', async () => {
  const { daemon, publisher } = scene();
  const inbox = await scene().inbox();
  const uuid = await daemon.subscribe(['searched'], inbox.url);
  await publisher.publish(
    { name: 'searched', data: { who: 'Alice' } },
    { name: 'searched', data: { who: 'Bob' } },
  );
  await scene().attempts(uuid, 2);
  const { stdout } = await cli('subscription', 'logs', uuid, '--search', 'bob searched', '--json');
  expect(JSON.parse(stdout)).toMatchObject([{ event: { data: { who: 'Bob' } } }]);
  const { body } = await daemon.call<LogPage>('GET', `/subscriptions/${uuid}/logs?search=alice`);
  expect(body).toMatchObject({ total: 1, filtered: 1 });
});

test('it is for the master tenant, and takes a number of days', async () => {
  const { daemon } = scene();
  expect(await daemon.call('POST', '/purge', { days: -1 })).toMatchObject({
    status: 400,
    body: { error_id: 'invalid-data' },
  });
  const headers = { 'x-auth-token': daemon.token, 'wazo-tenant': 'another-tenant' };
  expect((await daemon.call('POST', '/purge', { days: 1 }, headers)).status).toBe(401);
});
