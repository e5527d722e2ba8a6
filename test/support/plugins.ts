/** Plugin packages written by tests. */
import { join } from 'node:path';
import { writeFiles } from './temp.ts';

export interface PluginFiles {
  /** `default` is exported; the rest of package.json follows from this. */
  code?: string;
  /** The `webhookd` key; one service of the package's short name unless given. */
  manifest?: object;
  version?: string;
}

/** A service that succeeds. */
const workingService = 'export default class { callback() { return { worked: true }; } }';

/** Writes `<directory>/node_modules/<name>`; the package's folder. */
export function installPlugin(
  directory: string,
  name: string,
  { code = workingService, manifest, version = '1.0.0' }: PluginFiles = {},
): string {
  const folder = join(directory, 'node_modules', name);
  const service = name.replace(/^@[^/]+\//, '');
  const content = {
    name,
    version,
    type: 'module',
    webhookd: manifest ?? { services: { [service]: './index.js' } },
  };
  writeFiles(folder, { 'package.json': JSON.stringify(content), 'index.js': code });
  return folder;
}
