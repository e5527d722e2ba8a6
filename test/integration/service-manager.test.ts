import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { TestDaemon } from '../support/daemon.ts';
import { freePorts } from '../support/ports.ts';
import { TestServiceManager } from '../support/service-manager.ts';
import { newVhost } from '../support/vhost.ts';
import { until } from '../support/wait.ts';

let brokerUrl = '';

beforeAll(async () => {
  brokerUrl = await newVhost();
});

/** A daemon as a service of a stand-in for systemd. */
function makeService(url: string, environment: Record<string, string> = {}) {
  const manager = new TestServiceManager();
  onTestFinished(() => manager.close());
  const daemon = new TestDaemon({
    brokerUrl: url,
    config: { bus: { queue_name: `queue-${randomUUID()}` } },
    environment: { NOTIFY_SOCKET: manager.path, ...environment },
  });
  onTestFinished(() => daemon.remove());
  return { manager, daemon };
}

describe('as a service of systemd', () => {
  test('is ready when it consumes, and says that it stops', async () => {
    const { manager, daemon } = makeService(brokerUrl);
    await daemon.start();
    await until('systemd hears of it', () => manager.count('READY=1') === 1);
    expect(manager.messages[0]).toBe('STATUS=waiting for the broker');
    expect((await daemon.call('GET', '/status')).body).toMatchObject({
      bus_consumer: { status: 'ok' },
    });
    expect(manager.count('WATCHDOG=1'), 'nobody asked for a watchdog').toBe(0);
    expect(await daemon.stop()).toBe(0);
    await until('systemd hears of the stop', () => manager.count('STOPPING=1') === 1);
    expect(manager.count('READY=1')).toBe(1);
  });

  test('is not ready as long as there is no broker', async () => {
    const [port = 0] = await freePorts(1);
    const { manager, daemon } = makeService(`amqp://127.0.0.1:${port}`);
    await daemon.spawn();
    await daemon.logged('ECONNREFUSED');
    await until('systemd is told why', () => manager.count('STATUS=waiting for the broker') === 1);
    expect(manager.count('READY=1')).toBe(0);
  });

  test('a start that fails ends the process', async () => {
    const { daemon } = makeService(brokerUrl, { WEBHOOKD__DATABASE__URI: 'sqlite:/proc/no.db' });
    await daemon.spawn();
    expect(await daemon.ended()).toBe(1);
    expect(daemon.output).toMatch(/^webhookd: .*\/proc\/no\.db/m);
  });

  test('feeds the watchdog that was asked for, as long as it runs', async () => {
    const { manager, daemon } = makeService(brokerUrl, { WATCHDOG_USEC: '200000' });
    await daemon.start();
    await until('the watchdog is fed again and again', () => manager.count('WATCHDOG=1') >= 3);
    expect(manager.messages.indexOf('WATCHDOG=1')).toBeGreaterThan(
      manager.messages.indexOf('READY=1'),
    );
    await daemon.stop();
    expect(manager.messages.at(-1), 'no food after the stop').not.toBe('WATCHDOG=1');
  });
});
