/** Every file that is made from the code, by its path in the project. */
import { apiPage } from './api.ts';
import { cliPage } from './cli.ts';
import { dependenciesPage } from './dependencies.ts';
import { configurationFile, configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';

export async function renderPages(): Promise<Record<string, string>> {
  return {
    'config/webhookd.yml': configurationFile(),
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/api.md': await apiPage(),
    'docs/reference/errors.md': errorsPage(),
    'docs/dependencies.md': dependenciesPage(),
    'docs/reference/cli.md': await cliPage(),
  };
}
