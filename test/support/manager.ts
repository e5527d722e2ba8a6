/** A plugin manager with a store, a vault and plugins on the disk, and no daemon around it. */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { MasterTenant } from '../../dist/auth/master-tenant.js';
import type { OutgoingEvent } from '../../dist/bus/message.js';
import { Bindings } from '../../dist/bus/topology.js';
import { EventTaps } from '../../dist/plugins/event-taps.js';
import { Handlers } from '../../dist/plugins/handlers.js';
import { KeyFile } from '../../dist/plugins/key-file.js';
import { PluginManager } from '../../dist/plugins/manager.js';
import { PluginRegistry } from '../../dist/plugins/registry.js';
import { Vault } from '../../dist/plugins/vault.js';
import { SqliteStore } from '../../dist/store/sqlite/store.js';
import { Matcher } from '../../dist/subscriptions/matcher.js';
import { SubscriptionService } from '../../dist/subscriptions/service.js';
import { loadText } from './config.ts';
import { readableLog } from './logs.ts';
import { masterTenant } from './samples.ts';

/** Starts everything; it is stopped with the test. */
export async function startManager(
  folder: string,
  values: Record<string, unknown> & { plugins?: object } = {},
) {
  const main = stringify({
    ...values,
    // On a busy machine a process takes its time to start.
    plugins: { directory: join(folder, 'plugins'), load_timeout: 120, ...values.plugins },
  });
  const { config } = loadText({ main }, join(folder, 'config'));
  const store = await SqliteStore.open(join(folder, 'webhookd.db'));
  const { log, lines } = readableLog();
  const bindings = new Bindings(config.bus, log);
  const matcher = new Matcher(new MasterTenant(masterTenant));
  const taps = new EventTaps(bindings, log);
  const registry = new PluginRegistry();
  const handlers = new Handlers({ matcher, bindings });
  const vault = new Vault(store, KeyFile.locate(null, join(folder, 'secret.key'), {}), log);
  await vault.open();
  const subscriptions = new SubscriptionService({
    store,
    matcher,
    bindings,
    checkConfig: (service, options) => registry.checkConfig(service, options),
    onChange: () => undefined,
    announcementOf: () => '',
    announce: () => undefined,
  });
  const published: OutgoingEvent[] = [];
  const manager = new PluginManager({
    registry,
    handlers,
    vault,
    store,
    sources: {
      taps,
      publish: (event) => Promise.resolve(void published.push(event)),
      config,
      masterTenant: new MasterTenant(masterTenant),
      subscriptions,
      addStatusProvider: () => () => undefined,
    },
    serverUuid: 'a-server',
    bundledDirectory: '/nowhere',
    log,
  });
  await manager.start({} as FastifyInstance);
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await manager.stop();
    await store.close();
  };
  onTestFinished(stop);
  return {
    manager,
    registry,
    handlers,
    matcher,
    vault,
    store,
    bindings,
    taps,
    lines,
    published,
    stop,
  };
}
