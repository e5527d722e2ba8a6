import { loadConfig } from '../config/load.ts';
import { discoverPlugins } from '../plugins/discovery.ts';

/** Events that installed plugins say there are, with the plugin. */
export function declaredEvents(config: string | undefined): { name: string; service: string }[] {
  const { directory } = loadConfig({ file: config }).config.plugins;
  return discoverPlugins(directory).flatMap(({ manifest }) =>
    manifest instanceof Error
      ? []
      : manifest.events.map((name) => ({ name, service: manifest.name })),
  );
}
