import { catalogue } from '../events/catalogue.ts';
import { hasSample } from '../events/samples.ts';
import { declaredEvents } from './declared-events.ts';
import type { LaterCommand } from './later.ts';
import { type GlobalOptions, withJson } from './options.ts';
import { printJson, printTable } from './output.ts';

/** Events of the catalogue, and those that installed plugins declare. */
function knownEvents(config: string | undefined) {
  const own = declaredEvents(config).map((event) => ({ ...event, scope: 'plugin' }));
  return [...catalogue, ...own].map((event) => ({ ...event, has_sample: hasSample(event.name) }));
}

interface EventsOptions extends GlobalOptions {
  grep?: string | undefined;
  json: boolean;
}

export const eventsCommand: LaterCommand<EventsOptions> = {
  builder: (yargs) =>
    withJson(yargs).option('grep', { type: 'string', describe: 'Only names with this in them' }),
  handler: ({ config, grep = '', json }) => {
    const events = knownEvents(config).filter(({ name }) => name.includes(grep));
    if (json) printJson(events);
    else
      printTable(
        ['NAME', 'SCOPE', 'SERVICE', 'SAMPLE'],
        events.map(({ name, scope, service, has_sample: has }) => [
          name,
          scope,
          service,
          has ? 'yes' : 'plain',
        ]),
      );
  },
};
