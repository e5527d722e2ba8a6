import { string } from '../../schema.ts';
import { section } from './section.ts';

/** Where everything is kept. */
export const Database = section(
  {
    uri: string({
      default: 'sqlite:/var/lib/webhookd/webhookd.db',
      pattern: '^sqlite:.+',
      description: 'Where subscriptions, deliveries and their logs are kept: `sqlite:` and a path.',
    }),
  },
  'The store.',
);
