/** What the log says of plugins that were loaded, or could not be. */
import type { Logger } from 'pino';
import type { ManagedPlugin } from './managed-plugin.ts';

export function reportLoad(log: Logger, { name, manifest, entries, loads }: ManagedPlugin): void {
  for (const { service, problem } of entries) {
    if (problem === null) continue;
    log.error(
      { plugin: name, version: manifest.version, service, err: problem },
      `service skipped: ${problem.message}`,
    );
  }
  const services = entries.filter(({ problem }) => problem === null).map(({ service }) => service);
  const what = loads === 1 ? 'loaded' : `reloaded (${loads - 1})`;
  log.info(
    { plugin: name, version: manifest.version, services, loads },
    `${name} ${manifest.version} ${what}: ${services.join(', ') || 'no service'}`,
  );
}

/** @param reason with the stack, if there is one */
export function reportFailure(
  log: Logger,
  { name, manifest }: ManagedPlugin,
  reason: string,
): void {
  log.error({ plugin: name, version: manifest.version }, `${name} cannot be loaded: ${reason}`);
}
