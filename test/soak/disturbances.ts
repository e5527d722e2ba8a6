/** What happens to the daemon while events flow. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Broker } from '../support/broker.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { installPlugin } from '../support/plugins.ts';
import { pluginCode } from './plan.ts';

export interface Disturbance {
  /** minutes */
  at: number;
  kind: 'plugin reload' | 'broker restart' | 'broker kill';
}

/** A reload a minute and a restart of the broker every five, every second one a kill, each up to 15 s early or late. */
export function planDisturbances(minutes: number, random: () => number): Disturbance[] {
  // Short runs get one restart too.
  const pause = Math.min(5, minutes / 2);
  const around = (at: number) => at + (random() - 0.5) / 2;
  const reloads = Array.from({ length: Math.ceil(minutes) - 1 }, (_, place) => ({
    at: around(place + 1),
    kind: 'plugin reload' as const,
  }));
  const restarts = Array.from({ length: Math.ceil(minutes / pause) - 1 }, (_, place) => ({
    at: around((place + 1) * pause),
    kind: place % 2 === 0 ? ('broker restart' as const) : ('broker kill' as const),
  }));
  return [...reloads, ...restarts].sort((a, b) => a.at - b.at);
}

export class Disturber {
  #version = 0;

  constructor(
    private readonly broker: Broker,
    private readonly daemon: TestDaemon,
    private readonly logFile: string,
  ) {}

  /** The plugin as it is before the first reload. */
  install(): void {
    installPlugin(join(this.daemon.directory, 'plugins'), 'soak', {
      code: pluginCode(this.#version),
      version: `1.0.${this.#version}`,
    });
  }

  async disturb(kind: Disturbance['kind']): Promise<void> {
    if (kind === 'plugin reload') return this.#reload();
    await (kind === 'broker kill' ? this.broker.kill() : this.broker.halt());
    await this.broker.start();
  }

  /** A new version of the plugin; and a new file for the log, as logrotate would make it. */
  async #reload(): Promise<void> {
    this.#version++;
    this.install();
    const { status, body } = await this.daemon.call('POST', '/plugins/soak/reload');
    if (status !== 200 || body['version'] !== `1.0.${this.#version}`)
      throw new Error(`the plugin was not reloaded: ${JSON.stringify(body)}`);
    renameSync(this.logFile, `${this.logFile}.1`);
    this.daemon.signal('SIGHUP');
  }
}
